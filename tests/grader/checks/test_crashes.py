"""Crashes that are told by their message: shapes and devices."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from grader.checks.crashes import shape_mismatch, wrong_device
from grader.checks.stops import ending_of
from tests.grader.checks.test_stops import GOOD, stop


def layer():
    nn.Linear(784, 10)(torch.zeros(64, 28))


CRASHES = [
    (layer, ("64", "28", "784")),
    (lambda: torch.zeros(3, 4) + torch.zeros(3, 5), ("4", "5", "dimension 1")),
    (lambda: torch.zeros(10).view(3, 4), ("10", "(3, 4)")),
    (lambda: functional.cross_entropy(torch.zeros(64, 10), torch.zeros(32).long()), ("64", "32")),
    (
        lambda: functional.cross_entropy(torch.zeros(4, 10, 3), torch.zeros(4, 10).long()),
        ("(4, 3)", "(4, 10)"),
    ),
    (lambda: functional.cross_entropy(torch.zeros(4, 10), torch.zeros(4, 1).long()), ("class",)),
    (lambda: nn.Conv2d(3, 4, 3)(torch.zeros(2, 1, 8, 8)), ("3 channels", "has 1")),
    (lambda: nn.BatchNorm1d(5)(torch.zeros(3, 6)), ("5", "6")),
    (lambda: np.zeros((3, 4)) + np.zeros((3, 5)), ("(3, 4)", "(3, 5)")),
    (lambda: np.zeros((3, 4)) @ np.zeros((3, 4)), ("4 and 3",)),
    (lambda: torch.cat([torch.zeros(2, 3), torch.zeros(3, 4)]), ("3", "4")),
]


@pytest.mark.parametrize(("crash", "words"), CRASHES)
def test_both_shapes_are_named(crash, words):
    with pytest.raises((RuntimeError, ValueError)) as raised:
        crash()
    sentence = shape_mismatch(str(raised.value))
    assert all(word in sentence for word in words), sentence
    assert not wrong_device(str(raised.value))
    seen = stop(message=str(raised.value), kind="RuntimeError")
    assert ending_of(GOOD, (seen,))[0] == "shape-mismatch"


@pytest.mark.parametrize(
    "message",
    [
        "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
        "Expected all tensors to be on the same device, but got mat1 is on cpu, different from other tensors on "
        "cuda:0 (when checking argument in method wrapper_CUDA_addmm)",
    ],
)
def test_both_devices_are_named(message):
    sentence = wrong_device(message)
    assert "cpu" in sentence
    assert "cuda:0" in sentence
    assert ending_of(GOOD, (stop(message=message, kind="RuntimeError"),))[0] == "wrong-device"


@pytest.mark.parametrize(
    "message",
    ["no", "'Tensor' object has no attribute 'backwards'", "Input type (double) and bias type (float)"],
)
def test_other_crashes_stay_crashes(message):
    assert ending_of(GOOD, (stop(message=message),))[0] == "crashed"
