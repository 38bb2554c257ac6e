"""Floats that remember which point they came from, for loops in pure Python.

The x and the y of a point are leaves.  What is computed from one point's leaves and plain numbers belongs to
that point; where points meet, the result is a plain float.  A product of something made of x alone with
something that holds y (the error times x) is a gradient being formed: it is noted, and its result is plain,
so that weights never belong to a point.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sandbox.recorded.notes import Notes

X, Y = 1, 2


class Number(float):
    """A float of a point: `point` is its index, `holds` which of X and Y it is made of, `leaf` the datum itself."""

    __slots__ = ("holds", "leaf", "notes", "point")
    __array_priority__ = -1.0
    """Above numpy's scalars, so that `np.float64(2) * number` asks the number, and below its arrays."""

    notes: Notes
    point: int
    holds: int
    leaf: bool

    def __add__(self, other: Any) -> Any:
        return _combine(operator.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return _combine(operator.add, other, self)

    def __sub__(self, other: Any) -> Any:
        return _combine(operator.sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _combine(operator.sub, other, self)

    def __mul__(self, other: Any) -> Any:
        return _combine(operator.mul, self, other)

    def __rmul__(self, other: Any) -> Any:
        return _combine(operator.mul, other, self)

    def __truediv__(self, other: Any) -> Any:
        return _combine(operator.truediv, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _combine(operator.truediv, other, self)

    def __pow__(self, other: Any, mod: Any = None) -> Any:
        return _combine(operator.pow, self, other) if mod is None else pow(float(self), other, mod)

    def __rpow__(self, other: Any, mod: Any = None) -> Any:
        return _combine(operator.pow, other, self)

    def __neg__(self) -> Any:
        return _derived(-float(self), self, self.holds)

    def __pos__(self) -> Any:
        return self

    def __copy__(self) -> Number:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Number:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)

    # numpy's narrower scalars leave comparisons to this class, and float alone does not know them
    def __lt__(self, other: Any) -> Any:
        return float(self) < other

    def __le__(self, other: Any) -> Any:
        return float(self) <= other

    def __gt__(self, other: Any) -> Any:
        return float(self) > other

    def __ge__(self, other: Any) -> Any:
        return float(self) >= other

    def __eq__(self, other: object) -> Any:
        return float(self) == other

    def __ne__(self, other: object) -> Any:
        return float(self) != other

    def __hash__(self) -> int:
        return float.__hash__(self)


def recorded_points(x: Sequence[float], y: Sequence[float], notes: Notes) -> list[tuple[float, float]]:
    """Points as a list of (x, y), whose numbers note in `notes` how they are used."""
    pairs = zip(x, y, strict=True)
    return [(_number(a, i, X, True, notes), _number(b, i, Y, True, notes)) for i, (a, b) in enumerate(pairs)]


def _number(value: float, point: int, holds: int, leaf: bool, notes: Notes) -> Number:
    number = Number(value)
    number.point, number.holds, number.leaf, number.notes = point, holds, leaf, notes
    return number


def _derived(value: Any, source: Number, holds: int) -> Any:
    """The value as one that belongs to the source's point; other types than float stay what they are."""
    if type(value) is not float and type(value) is not np.float64:
        return value
    return _number(value, source.point, holds, False, source.notes)


def _combine(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """What float arithmetic gives, and whose it is."""
    value = function(_plain(left), _plain(right))
    if not isinstance(left, Number) or not isinstance(right, Number):
        source = left if isinstance(left, Number) else right
        other = right if source is left else left
        if function is operator.mul and source.leaf and source.holds == X and isinstance(other, (int, float)):
            source.notes.met(other)
        return _derived(value, source, source.holds) if isinstance(other, (int, float)) else value
    if function is operator.mul and _formed(left, right):
        return value
    if left.point == right.point:
        if function is operator.sub and (left.holds == Y) != (right.holds == Y):
            left.notes.residual([left.point])
        return _derived(value, left, left.holds | right.holds)
    if left.leaf != right.leaf:
        leaf = left if left.leaf else right
        if function is operator.sub and leaf.holds == Y:
            leaf.notes.residual([leaf.point])
        return _derived(value, leaf, leaf.holds)
    return value


def _formed(left: Number, right: Number) -> bool:
    """Whether this product is an error times an x; if so it is noted."""
    for one, two in ((left, right), (right, left)):
        if one.holds == X and two.holds & Y:
            if one.point == two.point:
                one.notes.product([one.point])
            elif one.leaf:
                one.notes.cross(1)
            return True
    return False


def _plain(value: Any) -> Any:
    return float.__float__(value) if isinstance(value, Number) else value
