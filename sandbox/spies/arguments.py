"""Arguments of functions of torch as JSON, with tensors told by identity."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

MAX_CONSTANTS = 16  # numbers in one list that stands in the student's code

LEAST = 4  # indices that are told apart from the operation that takes them
MAX_INDICES = 1 << 16  # in one list

Tensors = Callable[[torch.Tensor], Any]
Generators = Callable[[torch.Generator], Any]


def told(value: Any, tensor: Tensors, generator: Generators) -> Any:
    """An argument as JSON; {"?": type} where it cannot be told.

    `tensor` gives an operand for a tensor, or None; `generator` what stands for a generator.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else {"?": "a number that is none"}
    if isinstance(value, torch.Tensor):
        operand = tensor(value)
        return {"?": "a tensor"} if operand is None else {"r": operand}
    if isinstance(value, (list, tuple)) and len(value) <= MAX_CONSTANTS:
        kind = "l" if isinstance(value, list) else "i"
        return {kind: [told(item, tensor, generator) for item in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"m": {key: told(item, tensor, generator) for key, item in value.items()}}
    if isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
        return {"s": [told(item, tensor, generator) for item in parts]}
    if value is Ellipsis:
        return {"e": 0}
    if isinstance(value, torch.dtype):
        return {"d": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device) and value.type == "cpu":
        return {"c": 0}
    if isinstance(value, torch.memory_format):
        return {"f": str(value).removeprefix("torch.")}
    if isinstance(value, torch.Generator):
        return generator(value)
    return {"?": type(value).__name__[:40]}


def indices(value: Any) -> list[int] | None:
    """The whole numbers of a list or array that picks rows; None where it is none."""
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu":
        value = value[: MAX_INDICES + 1].tolist()
    if isinstance(value, list) and LEAST <= len(value) <= MAX_INDICES:
        plain = [int(item) for item in value if type(item) is int or isinstance(item, np.integer)]
        if len(plain) == len(value) and all(0 <= item < 1 << 31 for item in plain):
            return plain
    return None


def bare(value: Any, numbers: list[float]) -> Any:
    """Arguments with a placeholder for each number that may be another at the next step; these go into `numbers`.

    These are the bounds of slices, and all numbers that are no whole ones.
    """
    if type(value) is float:
        numbers.append(value)
        return {"#": 0}
    if isinstance(value, list):
        return [bare(item, numbers) for item in value]
    if isinstance(value, dict):
        if "s" in value:
            floats = [float(item) if type(item) is int else item for item in value["s"]]
            return {"s": bare(floats, numbers)}
        return {key: bare(item, numbers) for key, item in value.items()}
    return value
