"""Judging returned values: comparing them up to rounding, naming slips, and what a judge says."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.examiner.answers import (
    Answer,
    Answers,
    Judgement,
    close,
    described,
    first_difference,
    likely_slip,
    numbers_of,
    read_answer,
)
from grader.models import Judged
from sandbox import trace
from sandbox.answers import Other, rebuild

NAMES = st.sampled_from(["list", "tuple", "dict", "text", "array", "shape", "dtype", "other"])
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=20,
).map(rebuild)


def record(**changes: Any) -> trace.Answer:
    fields = {"function": "f", "case": "c", "value": 1.0, "mutated": [], "notes": {}}
    return trace.Answer(**{**fields, **changes})


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_rebuilt_from_its_record():
    answer = read_answer(record(value={"tuple": [1, "nan"]}, mutated=["x"], notes={"n": [1]}))
    assert answer.value[0] == 1
    assert math.isnan(answer.value[1])
    assert (answer.mutated, answer.notes) == (("x",), {"n": [1]})


def test_another_record_is_no_answer():
    with pytest.raises(TypeError, match="Hash is no answer"):
        read_answer(trace.Hash(step=0, sha256=""))


def test_answers_are_found_by_function_and_case_in_order():
    one, two, three = Answer("f", "a", 1), Answer("g", "a", 2), Answer("f", "b", 3)
    again = Answer("f", "a", 4)
    answers = Answers([one, two, three, again])
    assert list(answers) == [one, two, three, again]
    assert answers.of("f") == [one, three, again]
    assert answers.case("f", "a") is one
    assert answers.case("f", "z") is None
    assert Answers([]).of("f") == []


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (0.5, 0.5),
        ([1, 2.5], [1.0, 2.5]),
        (((1,), [2]), [[1.0], [2.0]]),
        ([np.array([1, 2]), np.array([3, 4])], [[1, 2], [3, 4]]),
        (np.array(2.0), 2.0),
        ([], []),
    ],
)
def test_numbers_lists_and_arrays_are_numbers(value, expected):
    numbers = numbers_of(value)
    assert numbers is not None
    assert numbers.dtype == np.float64
    assert numbers.tolist() == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "1",
        ["1"],
        [None],
        [1, True],
        {},
        Other("x"),
        [Other("x")],
        [[1], [1, 2]],
        [10**400],
        np.array("1"),
    ],
)
def test_nothing_else_is(value):
    assert numbers_of(value) is None


@pytest.mark.parametrize("value", [2.5, [2.5], np.array(2.5), np.array([[2.5]])])
def test_one_number_may_sit_in_an_array(value):
    assert numbers_of(value, ()) == 2.5
    assert close(value, 2.5)


def test_another_shape_is_another_value():
    assert numbers_of([1, 2], (2, 1)) is None
    assert not close([[1], [2]], [1, 2])
    assert not close([1, 2], 1)


@given(HOSTILE)
def test_no_value_can_hurt_the_judge(value):
    numbers_of(value)
    numbers_of(value, ())
    assert isinstance(close(value, 1.0), bool)
    assert isinstance(close(value, np.ones((2, 2))), bool)
    assert isinstance(described(value), str)
    assert isinstance(likely_slip(value, {"a": 1.0, "b": [1, 2]}), str)
    first_difference(value, [1.0, 2.0])


# ── comparing ────────────────────────────────────────────────────────────────────────────────────


def test_rounding_is_relative_to_the_largest_number_expected():
    assert close([1e6 + 1e-4, 0.0], [1e6, 1e-4])
    assert not close([1e-6], [1e-6 + 1e-12])
    assert close([1e-6], [1e-6 + 1e-12], tolerance=1e-5)


@pytest.mark.parametrize(
    ("value", "expected"), [(math.nan, math.nan), (math.inf, math.inf), (-math.inf, -math.inf)]
)
def test_what_is_no_number_equals_itself_alone(value, expected):
    assert close(value, expected)
    assert not close(value, 1.0)
    assert not close(1.0, expected)
    assert not close(value, -expected if math.isinf(expected) else 0.0)


def test_zero_is_expected_exactly():
    assert close(0.0, 0.0)
    assert not close(1e-20, 0.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6))
def test_a_difference_is_found_exactly_where_values_are_not_close(values):
    wanted = np.array(values)
    assert first_difference(values, wanted) is None
    other = wanted.copy()
    other[-1] += 1 + abs(wanted).max()
    assert not close(other, wanted)
    assert first_difference(other, wanted) == ((len(values) - 1,), other[-1], wanted[-1])


def test_the_first_difference_tells_where():
    assert first_difference([[1, 2], [3, 5]], [[1, 2], [3, 4]]) == ((1, 1), 5.0, 4.0)
    assert first_difference(7, 8) == ((), 7.0, 8.0)
    assert first_difference([math.nan, 1], [math.nan, 2]) == ((1,), 1.0, 2.0)
    assert first_difference("text", [1]) is None


def test_the_first_slip_that_explains_a_value_is_named():
    slips = {"the sum": 6.0, "half": 1.0, "half again": 1.0}
    assert likely_slip(6.0000001, slips) == "the sum"
    assert likely_slip(1, slips) == "half"
    assert likely_slip(2, slips) == ""
    assert likely_slip(None, slips) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "True"),
        (3, "3"),
        (0.4170300162778335, "0.41703"),
        (math.nan, "nan"),
        (np.zeros((2, 3)), "an array of shape (2, 3)"),
        ([1, 2], "a list of length 2"),
        ((), "a tuple of length 0"),
        ({}, "a dict of length 0"),
        ("hello", "a str"),
        (Other("Linear"), "a value of type Linear"),
        (Other("a list of 5000 items"), "a list of 5000 items"),
    ],
)
def test_a_value_is_described_in_a_few_words(value, words):
    assert described(value) == words


# ── what a judge says ────────────────────────────────────────────────────────────────────────────


def test_a_judgement_travels_as_json():
    judgement = Judgement()
    judgement.found("wrong-value", "f", "It gave 2; right is 3.", got=2, expected=3.0)
    judgement.unknown("wrong-shape", "f", "it was not recorded")
    judgement.clear("not-shuffled", "g")
    judgement.metrics["accuracy"] = 0.5
    judgement.samples = 10
    answer = json.loads(json.dumps(judgement.as_json()))
    assert answer["metrics"] == {"accuracy": 0.5}
    assert answer["samples"] == 10
    items = [Judged(**item) for item in answer["judged"]]
    assert items == judgement.items
    assert [item.status for item in items] == ["found", "unknown", "clear"]
    assert items[0].numbers == {"got": 2, "expected": 3.0}
