"""Answers as plain JSON: what goes in comes out, and no JSON at all can hurt the reader."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sandbox.answers import HUGE, MAX_DEPTH, MAX_ITEMS, MAX_NUMBERS, MAX_TEXT, Other, as_array, plain, rebuild
from sandbox.trace import Answer, decode, encode


def through(value: Any) -> Any:
    """A value as the examiner gets it: written as a record's line, read back, rebuilt."""
    line = encode(Answer(function="f", case="c", value=plain(value), mutated=[], notes={}))
    record = decode(line.rstrip(b"\n"))
    assert isinstance(record, Answer)
    return rebuild(record.value)


def same(one: Any, two: Any) -> bool:
    """Equality that looks into arrays and takes nan for nan."""
    if isinstance(one, np.ndarray) or isinstance(two, np.ndarray):
        kinds = isinstance(one, np.ndarray) and isinstance(two, np.ndarray)
        return kinds and one.shape == two.shape and np.array_equal(one, two, equal_nan=True)
    if isinstance(one, float) and isinstance(two, float) and math.isnan(one):
        return math.isnan(two)
    if isinstance(one, (list, tuple)):
        return type(one) is type(two) and len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict):
        return (
            isinstance(two, dict)
            and one.keys() == two.keys()
            and all(same(one[key], two[key]) for key in one)
        )
    return type(one) is type(two) and bool(one == two)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-HUGE + 1, HUGE - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_TEXT)
)
ARRAYS = arrays.arrays(
    st.sampled_from([np.float64, np.float32, np.int16, np.uint8]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.integers(-99, 99)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=12,
)


def depth(value: Any) -> int:
    """How deep containers are nested."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, (list, tuple)) else 0


@given(VALUES.filter(lambda value: depth(value) <= MAX_DEPTH))
def test_a_value_comes_back_as_it_went(value):
    assert same(value if not isinstance(value, np.ndarray) else value.astype(float), through(value)) or same(
        value, through(value)
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
        (torch.tensor(2.5), np.array(2.5)),
        (torch.tensor([1.5, -2.0], dtype=torch.bfloat16), np.array([1.5, -2.0])),
        (torch.tensor([1.0], requires_grad=True), np.array([1.0])),
        (torch.Size([64, 10]), (64, 10)),
        (np.array([True, False]), np.array([1, 0])),
        (np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3)),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        ([float("nan"), float("inf"), float("-inf")], [float("nan"), float("inf"), float("-inf")]),
        ("nan", "nan"),
        ({"w": (1, [2.0])}, {"w": (1, [2.0])}),
    ],
)
def test_relatives_of_numbers_come_back_as_numbers(value, expected):
    assert same(through(value), expected)


@pytest.mark.parametrize(
    "value",
    [
        1 << 62,
        Decimal("sNaN"),
        Fraction(10**400),
        object(),
        {1, 2},
        1j,
        b"bytes",
        np.array([1j]),
        np.array(["a"]),
        np.array([None]),
        torch.tensor([1j]),
        torch.zeros(2, device="meta"),
        torch.eye(2).to_sparse(),
        np.zeros(MAX_NUMBERS + 1),
        list(range(MAX_ITEMS + 1)),
        dict.fromkeys(range(MAX_ITEMS + 1)),
        (number for number in range(3)),
        print,
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_named_and_not_cut(value):
    result = through(value)
    assert isinstance(result, Other)
    assert result.type


def test_a_long_text_is_cut():
    assert through("x" * 1000) == "x" * MAX_TEXT


def test_nesting_ends():
    deep: Any = 1
    for _ in range(50):
        deep = [deep]
    result = through(deep)
    for _ in range(MAX_DEPTH):
        assert isinstance(result, list)
        (result,) = result
    assert isinstance(result, Other)


def test_a_list_that_holds_itself_ends():
    endless: list[Any] = []
    endless.append(endless)
    assert isinstance(through(endless), list)


def test_a_tree_of_many_lists_ends():
    wide: Any = 1
    for _ in range(6):
        wide = [wide] * 30
    assert len(json.dumps(plain(wide))) < 1 << 20


def test_an_array_is_a_copy_of_the_numbers_then():
    values = np.arange(3.0)
    kept = as_array(values)
    values += 1
    assert kept.tolist() == [0, 1, 2]


# ── hostile ──────────────────────────────────────────────────────────────────────────────────────

NAMES = st.sampled_from(["list", "tuple", "dict", "text", "array", "shape", "dtype", "other", "x"])
WORDS = st.text(max_size=8) | st.sampled_from(["nan", "inf", "d", "f"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=30,
)


def assert_known(value: Any) -> None:
    """Nothing but what rebuild promises."""
    if isinstance(value, dict):
        assert all(isinstance(key, (str, int, float, bool)) for key in value)
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            assert_known(item)
    elif isinstance(value, np.ndarray):
        assert value.dtype in (np.float64, np.int64)
    else:
        assert value is None or isinstance(value, (bool, int, float, str, Other))
        assert not isinstance(value, int) or abs(value) < HUGE


@given(JSON)
def test_any_json_is_rebuilt_into_something_known(tree):
    assert_known(rebuild(tree))


EIGHT = "dAAAAAAAAAAA="  # one number


@pytest.mark.parametrize(
    "tree",
    [
        {"array": EIGHT, "shape": [2], "dtype": "float64"},
        {"array": EIGHT, "shape": [-1], "dtype": "float64"},
        {"array": EIGHT, "shape": [-1, -1], "dtype": "float64"},
        {"array": EIGHT, "shape": [1.0], "dtype": "float64"},
        {"array": EIGHT, "shape": [True], "dtype": "float64"},
        {"array": EIGHT, "shape": [10**30, 0], "dtype": "float64"},
        {"array": EIGHT, "shape": [1] * 100, "dtype": "float64"},
        {"array": EIGHT, "shape": "1", "dtype": "float64"},
        {"array": EIGHT, "shape": None, "dtype": None},
        {"array": "d\u00e9", "shape": [1], "dtype": "float64"},
        {"array": "dAAA=", "shape": [1], "dtype": "float64"},
        {"array": "", "shape": [], "dtype": "float64"},
        {"array": "dAAAAAAAA8H8=", "shape": [1], "dtype": "int64"},  # inf as a whole number
        {"dict": [[[], 1]]},
        {"dict": [1]},
        {"dict": [[{"other": "x"}, 1]]},
        {"other": ["x"]},
        {"list": 3},
        "infinity",
        10**4000,
        [],
    ],
)
def test_nonsense_is_an_other(tree):
    assert isinstance(rebuild(tree), Other)


def test_an_array_of_no_numbers_with_a_huge_side_is_refused_or_empty():
    result = rebuild({"array": "d", "shape": [10**30, 0], "dtype": "float64"})
    assert isinstance(result, (Other, np.ndarray))


def test_deep_json_ends():
    tree: Any = 1
    for _ in range(500):
        tree = {"list": [tree]}
    assert_known(rebuild(tree))
