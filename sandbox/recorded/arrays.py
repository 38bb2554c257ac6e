"""Arrays that remember which points their rows came from, for loops in NumPy.

Rows are found by content: every x and every y is different.  What ufuncs compute from them carries a tag (which
points, and whether x and y are in it); a product of something made of x alone with something that holds y is a
gradient being formed, and is noted.  `np.asarray` gives the plain array.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sandbox.recorded.notes import Notes

Rows = tuple[int, ...]
_PRODUCTS = (np.multiply, np.matmul, np.divide)
_SUMS_OF_PRODUCTS = (np.dot, np.vdot, np.inner, np.outer, np.einsum, np.tensordot)
_FEW = 4  # columns of a design matrix that are looked at


@dataclass(frozen=True)
class Tag:
    """The points whose x, and whose y, an array is made of, in the order of its rows."""

    x: Rows | None
    y: Rows | None


NOTHING = Tag(None, None)


class Table:
    """Finds points by the values of their x or y."""

    def __init__(self, x: Any, y: Any, notes: Notes) -> None:
        self.notes = notes
        self._x = {float(value): place for place, value in enumerate(x)}
        self._y = {float(value): place for place, value in enumerate(y)}

    def tag(self, values: np.ndarray[Any, Any]) -> Tag:
        """What an array holds, by its content."""
        lines = list(_lines(values))
        xs = (self._rows(line, self._x) for line in lines)
        ys = (self._rows(line, self._y) for line in lines)
        return Tag(next((rows for rows in xs if rows), None), next((rows for rows in ys if rows), None))

    def _rows(self, line: np.ndarray[Any, Any], places: dict[float, int]) -> Rows | None:
        found = []
        for value in line.tolist():
            place = places.get(value)
            if place is None:
                return None
            found.append(place)
        return tuple(found)


def _lines(values: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """The one-dimensional arrays in which points may be listed: all of it, its columns, its rows."""
    if values.dtype != np.float64 or values.size == 0:
        return []
    if values.ndim <= 1 or values.size == max(values.shape):
        return [values.reshape(-1)]
    if values.ndim != 2:
        return []
    columns = [values[:, number] for number in range(min(_FEW, values.shape[1]))]
    return columns + [values[number] for number in range(min(_FEW, values.shape[0]))]


class Recorded(np.ndarray[Any, Any]):
    """An array of points, or computed from points; `tag` is None where the content tells."""

    table: Table | None = None
    tag: Tag | None = None

    def __array_finalize__(self, source: Any) -> None:
        self.table = getattr(source, "table", None)
        self.tag = getattr(source, "tag", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        tags = [_tag(item) for item in inputs]
        if out is not None:
            kwargs["out"] = tuple(_plain(item) for item in out)
        plain = [_plain(item) for item in inputs]
        value = getattr(ufunc, method)(*plain, **_plain_values(kwargs))
        formed = method in ("__call__", "outer") and ufunc in _PRODUCTS and self._formed(tags)
        if ufunc is np.multiply and method == "__call__":
            self._met(inputs, tags)
        if ufunc is np.subtract and method == "__call__":
            self._compared(tags)
        tag = NOTHING if formed else _merged(tags)
        if out is not None:
            for item in out:
                if isinstance(item, Recorded):
                    item.tag = tag
            return out[0] if len(out) == 1 else out
        return self._wrapped(value, tag) if method == "__call__" and tag != NOTHING else value

    def __array_function__(self, func: Any, kinds: Any, args: Any, kwargs: Any) -> Any:
        value = func(*_plain_deep(args), **_plain_values(kwargs))
        given = list(_recorded(args)) + list(_recorded(kwargs))
        if func in _SUMS_OF_PRODUCTS:
            tags = [_tag(item) for item in given]
            return value if self._formed(tags) else self._wrapped(value, _merged(tags))
        return self._rearranged(value, given)

    def dot(self, *args: Any, **kwargs: Any) -> Any:
        """As numpy's method, by way of the function."""
        return np.dot(self, *args, **kwargs)

    def __reduce__(self) -> Any:
        return np.array(self, subok=False).__reduce__()

    def _formed(self, tags: list[Tag]) -> bool:
        """Whether an x was multiplied by an error; if so it is noted."""
        if self.table is None:
            return False
        alone = next((tag for tag in tags if tag.x and not tag.y), None)
        errors = next((tag for tag in tags if tag.y), None)
        if alone is None or errors is None or alone.x is None:
            return False
        if alone.x == errors.y:
            self.table.notes.product(alone.x)
        else:
            self.table.notes.cross(len(alone.x))
        return True

    def _met(self, inputs: tuple[Any, ...], tags: list[Tag]) -> None:
        """Note a single number that was multiplied by x."""
        if self.table is None or not any(tag.x and not tag.y for tag in tags):
            return
        for item, tag in zip(inputs, tags, strict=True):
            if tag == NOTHING and np.ndim(item) == 0 and isinstance(item, (int, float, np.ndarray)):
                self.table.notes.met(float(item))

    def _compared(self, tags: list[Tag]) -> None:
        if self.table is not None and len(tags) == 2:
            for one, two in (tags, reversed(tags)):
                if one.y and not one.x and (two.x or not two.y):
                    self.table.notes.residual(one.y)

    def _wrapped(self, value: Any, tag: Tag | None) -> Any:
        if type(value) is not np.ndarray or value.ndim == 0:
            return value
        wrapped = value.view(Recorded)
        wrapped.table, wrapped.tag = self.table, tag
        return wrapped

    def _rearranged(self, value: Any, given: list[Recorded]) -> Any:
        """What a function gave that may only have put its arguments in another order or shape."""
        if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
            return type(value)(self._rearranged(item, given) for item in value)
        if type(value) is not np.ndarray or value.ndim == 0 or self.table is None:
            return value
        if self.table.tag(value) != NOTHING:
            return self._wrapped(value, None)
        same = [item.tag for item in given if item.size == value.size and item.tag is not None]
        return self._wrapped(value, same[0]) if len(given) == 1 and same else value


def recorded_arrays(x: Any, y: Any, notes: Notes) -> tuple[Recorded, Recorded]:
    """x and y (1-D, float64, all values different) as arrays that note how they are used."""
    table = Table(x, y, notes)
    arrays = []
    for values in (x, y):
        array = np.array(values, dtype=np.float64).view(Recorded)
        array.table = table
        arrays.append(array)
    return arrays[0], arrays[1]


def _tag(item: Any) -> Tag:
    """An input's tag."""
    if not isinstance(item, Recorded) or item.table is None:
        return NOTHING
    if item.tag is not None:
        return item.tag
    return item.table.tag(_plain(item))


def _merged(tags: list[Tag]) -> Tag:
    """The tag of what was computed from several."""
    x = next((tag.x for tag in tags if tag.x), None)
    y = next((tag.y for tag in tags if tag.y), None)
    return Tag(x, y)


def _plain(item: Any) -> Any:
    return item.view(np.ndarray) if isinstance(item, Recorded) else item


def _plain_deep(item: Any) -> Any:
    if type(item) in (list, tuple):
        return type(item)(_plain_deep(part) for part in item)
    return _plain(item)


def _plain_values(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain_deep(value) for name, value in kwargs.items()}


def _recorded(item: Any) -> Any:
    """All recorded arrays in arguments."""
    if isinstance(item, Recorded):
        yield item
    elif type(item) in (list, tuple):
        for part in item:
            yield from _recorded(part)
    elif isinstance(item, dict):
        yield from _recorded(list(item.values()))
