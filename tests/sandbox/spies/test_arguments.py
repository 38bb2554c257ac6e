"""Arguments of functions are told as JSON; what cannot be says what it is, and numbers that change are set apart."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from sandbox.spies.arguments import MAX_CONSTANTS, bare, told

KNOWN = torch.ones(3)


def tell(value: Any) -> Any:
    """What is told of a value, as it comes out of a trace."""
    found = told(
        value,
        lambda tensor: ["p", 0] if tensor is KNOWN else None,
        lambda source: {"g": [0, source.initial_seed()]},
    )
    return json.loads(json.dumps(found, allow_nan=False))


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None),
        (True, True),
        ("mean", "mean"),
        (3, 3),
        (-0.5, -0.5),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (KNOWN, {"r": ["p", 0]}),
        ([1, 2], {"l": [1, 2]}),
        ((1, KNOWN), {"i": [1, {"r": ["p", 0]}]}),
        (torch.Size([2, 3]), {"i": [2, 3]}),
        ({"dim": 1, "of": [KNOWN]}, {"m": {"dim": 1, "of": {"l": [{"r": ["p", 0]}]}}}),
        ({}, {"m": {}}),
        (slice(1, None, 2), {"s": [1, None, 2]}),
        (Ellipsis, {"e": 0}),
        ((slice(None), ..., None), {"i": [{"s": [None, None, None]}, {"e": 0}, None]}),
        (torch.bfloat16, {"d": "bfloat16"}),
        (torch.device("cpu"), {"c": 0}),
        (torch.contiguous_format, {"f": "contiguous_format"}),
        (torch.Generator().manual_seed(7), {"g": [0, 7]}),
    ],
)
def test_what_can_be_told_is_told(value: Any, wanted: Any) -> None:
    found = tell(value)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (torch.ones(3), "a tensor"),
        (float("nan"), "a number that is none"),
        (float("inf"), "a number that is none"),
        (-np.float64("inf"), "a number that is none"),
        ([0] * (MAX_CONSTANTS + 1), "list"),
        ({3: 1}, "dict"),
        (print, "builtin_function_or_method"),
        (torch.device("meta"), "device"),
        (np.zeros(2), "ndarray"),
        (1j, "complex"),
        (b"x", "bytes"),
        (type("N" * 90, (), {})(), "N" * 40),
    ],
)
def test_what_cannot_be_told_says_what_it_is(value: Any, what: str) -> None:
    assert tell(value) == {"?": what}
    assert tell([value, 1]) == {"l": [{"?": what}, 1]}


def test_lists_as_long_as_may_be_are_told() -> None:
    assert tell([0] * MAX_CONSTANTS) == {"l": [0] * MAX_CONSTANTS}


def test_numbers_that_may_change_are_set_apart_in_order() -> None:
    numbers: list[float] = []
    value = [
        [{"r": ["v", 0, 0, None]}, 0.5, 3],
        {"m": {"alpha": -2.0, "dim": 1}},
        {"i": [{"s": [8, 16, None]}, 0.25]},
    ]
    assert bare(value, numbers) == [
        [{"r": ["v", 0, 0, None]}, {"#": 0}, 3],
        {"m": {"alpha": {"#": 0}, "dim": 1}},
        {"i": [{"s": [{"#": 0}, {"#": 0}, None]}, {"#": 0}]},
    ]
    assert numbers == [0.5, -2.0, 8.0, 16.0, 0.25]


def test_what_does_not_change_stays() -> None:
    numbers: list[float] = []
    value = [True, None, "mean", 3, {"d": "float32"}, {"l": [1, 2]}, {"m": {}}]
    assert bare(value, numbers) == value
    assert numbers == []
