"""What a student's function gave, as plain JSON: written in the sandbox, read back by the examiner.

    None, True, 3, 0.5           themselves (floats that JSON cannot hold become words in the trace)
    {"text": "…"}                a string, its first 200 characters
    {"list": […]}, {"tuple": […]}, {"dict": [[key, value], …]}
    {"array": "d…", "shape": […], "dtype": "float64"}    an array or tensor of real numbers
    {"other": "Linear"}          anything else, by its type's name

Nothing of it is trusted: `rebuild` takes any JSON and makes `Other` of what it cannot read.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from sandbox.trace import TraceError, pack_vector, unpack_vector

MAX_ITEMS = 4096  # of containers, all together
MAX_NUMBERS = 16_384  # in arrays, all together: 128 KiB
MAX_DEPTH = 6
MAX_AXES = 32
MAX_TEXT = 200
HUGE = 1 << 62  # whole numbers stay below it
_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True)
class Other:
    """A value that is none of numbers, texts, containers and arrays; `type` is its type's name."""

    type: str


def plain(value: Any) -> Any:
    """A value as JSON.  What is too large, too deep or of another kind becomes {"other": …}."""
    return _Plain().of(value, 0)


class _Plain:
    """One value's budget of items and numbers."""

    def __init__(self) -> None:
        self._items, self._numbers = MAX_ITEMS, MAX_NUMBERS

    def of(self, value: Any, depth: int) -> Any:
        self._items -= 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, np.integer)):
            return int(value) if abs(int(value)) < HUGE else {"other": "a huge int"}
        if isinstance(value, np.bool_):
            return bool(value)
        if isinstance(value, str):
            return {"text": value[:MAX_TEXT]}
        if isinstance(value, (float, np.floating, Fraction, Decimal)):
            return _float(value)
        if isinstance(value, (list, tuple, dict)):
            return self._container(value, depth)
        return self._array(value)

    def _container(self, value: list[Any] | tuple[Any, ...] | dict[Any, Any], depth: int) -> Any:
        if depth >= MAX_DEPTH or len(value) > self._items:
            return {"other": f"a {_name(value)} of {len(value)} items"}
        if isinstance(value, dict):
            pairs = list(value.items())
            return {"dict": [[self.of(key, depth + 1), self.of(item, depth + 1)] for key, item in pairs]}
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [self.of(item, depth + 1) for item in list(value)]}

    def _array(self, value: Any) -> Any:
        numbers = as_array(value)
        if numbers is None:
            return {"other": _name(value)}
        self._numbers -= numbers.size
        if self._numbers < 0:
            return {"other": f"a {_name(value)} of {numbers.size} numbers"}
        packed = pack_vector(array("d", numbers.astype(np.float64).reshape(-1).tolist()))
        return {"array": packed, "shape": list(numbers.shape), "dtype": str(numbers.dtype)}


def _float(value: Any) -> Any:
    """A real number as a float; {"other": …} when it is too large for one, or a signalling nan."""
    try:
        return float(value)
    except (OverflowError, ValueError):
        return {"other": f"a huge {_name(value)}"}


def as_array(value: Any) -> np.ndarray[Any, Any] | None:
    """A copy of an array or tensor of real numbers as a plain array; None for anything else."""
    if isinstance(value, np.ndarray):
        numbers = np.array(value, subok=False)
    elif hasattr(value, "detach") and hasattr(value, "numpy"):
        try:
            tensor = value.detach().cpu()
            view = (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
            numbers = np.array(view)
        except (TypeError, RuntimeError):  # sparse, quantised, without storage
            return None
    else:
        return None
    return numbers if numbers.dtype.kind in "biuf" else None


def _name(value: Any) -> str:
    return type(value).__name__[:80]


def rebuild(tree: Any, depth: int = 0) -> Any:
    """The value behind `plain`: numbers, str, list, tuple, dict, float64 or int64 arrays; else an `Other`."""
    if isinstance(tree, int) and abs(tree) >= HUGE:
        return Other("a huge int")
    if tree is None or isinstance(tree, (bool, int, float)):
        return tree
    if isinstance(tree, str):
        return _WORDS.get(tree, Other("an unknown word"))
    if not isinstance(tree, dict) or depth > 2 * MAX_DEPTH:
        return Other("nonsense")
    if isinstance(items := tree.get("list"), list):
        return [rebuild(item, depth + 1) for item in items]
    if isinstance(items := tree.get("tuple"), list):
        return tuple(rebuild(item, depth + 1) for item in items)
    if isinstance(items := tree.get("dict"), list):
        return _dict(items, depth)
    if isinstance(text := tree.get("text"), str):
        return text
    if isinstance(packed := tree.get("array"), str):
        return _read_array(packed, tree.get("shape"), tree.get("dtype"))
    return Other(str(tree.get("other", "nonsense"))[:100])


def _dict(pairs: list[Any], depth: int) -> Any:
    result = {}
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            return Other("nonsense")
        key = rebuild(pair[0], depth + 1)
        if not isinstance(key, (str, int, float, bool)):
            return Other("a dict with keys of another kind")
        result[key] = rebuild(pair[1], depth + 1)
    return result


def _read_array(packed: str, shape: Any, dtype: Any) -> Any:
    if not (isinstance(shape, list) and len(shape) <= MAX_AXES and all(type(size) is int for size in shape)):
        return Other("nonsense")
    try:
        numbers = np.array(unpack_vector(packed), dtype=np.float64)
        if min(shape, default=0) < 0 or math.prod(shape) != numbers.size:
            return Other("nonsense")
        whole = isinstance(dtype, str) and dtype.startswith(("int", "uint", "bool"))
        if whole and not (np.isfinite(numbers).all() and (np.abs(numbers) < 2.0**53).all()):
            return Other("nonsense")
        return (numbers.astype(np.int64) if whole else numbers).reshape(shape)
    except (TraceError, ValueError, TypeError):
        return Other("nonsense")
