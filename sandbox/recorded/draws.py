"""Random generators that note which points they shuffled or drew: Python's `random` and numpy's Generator."""

from __future__ import annotations

import contextlib
import functools
import random
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from sandbox.recorded.notes import Notes


class Places:
    """Tells which point a drawn thing is: an index, an x or y by its value, or a pair that begins so."""

    def __init__(self, x: Sequence[float], y: Sequence[float], notes: Notes) -> None:
        self.count = len(x)
        self.notes = notes
        self._by_value = {float(value): place for values in (y, x) for place, value in enumerate(values)}

    def note(self, drawn: Any) -> None:
        """Note a draw if every element of it is a point."""
        try:
            if isinstance(drawn, np.ndarray):
                drawn = np.array(drawn, subok=False).tolist()
            if isinstance(drawn, (list, tuple)) and 1 < len(drawn) <= 4 * self.count:
                places = [self._place(item) for item in drawn]
                if all(place is not None for place in places):
                    self.notes.draw([place for place in places if place is not None])
        except (TypeError, ValueError, OverflowError):
            return  # it holds things of the student's own

    def _place(self, item: Any) -> int | None:
        if isinstance(item, (int, np.integer)) and not isinstance(item, bool):
            return int(item) if 0 <= item < self.count else None
        if isinstance(item, float):
            return self._by_value.get(float(item))
        if isinstance(item, (list, tuple)):
            found = (self._place(part) for part in item[:4] if isinstance(part, float))
            return next((place for place in found if place is not None), None)
        return None


class _Current:
    """Where draws are noted at the moment; nowhere between calls."""

    places: Places | None = None


@contextlib.contextmanager
def noted(places: Places) -> Iterator[None]:
    """Note draws of the recorded modules here, until the block is left."""
    _Current.places = places
    try:
        yield
    finally:
        _Current.places = None


def record_modules() -> None:
    """From now on `random`, every `random.Random`, and numpy's global generator can be noted (see `noted`).

    To be called before the student's file is run, which may import their functions by name; once is enough.
    """
    if isinstance(np.random.default_rng, functools.partial):
        return
    for name in ("shuffle", "sample", "choices"):
        method = _noting(getattr(random.Random, name), shuffles=name == "shuffle", first=1)
        instance = getattr(random, name).__self__
        setattr(random.Random, name, method)
        setattr(random, name, types.MethodType(method, instance))
    for name in ("permutation", "shuffle", "choice"):
        setattr(np.random, name, _noting(getattr(np.random, name), shuffles=name == "shuffle", first=0))
    np.random.default_rng = functools.partial(_default_rng, np.random.default_rng)


def _noting(function: Callable[..., Any], *, shuffles: bool, first: int) -> Callable[..., Any]:
    """The function, noting what it returned, or what it left in its first argument."""

    @functools.wraps(function)
    def noting(*args: Any, **kwargs: Any) -> Any:
        with _apart():
            value = function(*args, **kwargs)
        if shuffles:
            _noted(args[first] if len(args) > first else kwargs.get("x"))
            return value
        return _noted(value)

    return noting


def _default_rng(make: Callable[..., np.random.Generator], seed: Any = None) -> Any:
    made = make(seed)
    return made if isinstance(made, RecordedGenerator) else RecordedGenerator(made.bit_generator)


class RecordedGenerator(np.random.Generator):
    """numpy's Generator, noting permutations, shuffles and draws of points."""

    def permutation(self, *args: Any, **kwargs: Any) -> Any:
        """As numpy's."""
        with _apart():  # numpy's own calls shuffle
            value = super().permutation(*args, **kwargs)
        return _noted(value)

    def permuted(self, *args: Any, **kwargs: Any) -> Any:
        """As numpy's."""
        with _apart():
            value = super().permuted(*args, **kwargs)
        return _noted(value)

    def choice(self, *args: Any, **kwargs: Any) -> Any:
        """As numpy's."""
        with _apart():
            value = super().choice(*args, **kwargs)
        return _noted(value)

    def integers(self, *args: Any, **kwargs: Any) -> Any:
        """As numpy's."""
        return _noted(super().integers(*args, **kwargs))

    def shuffle(self, x: Any, *args: Any, **kwargs: Any) -> None:
        """As numpy's."""
        super().shuffle(x, *args, **kwargs)
        _noted(x)


@contextlib.contextmanager
def _apart() -> Iterator[None]:
    """What is drawn inside belongs to one draw, and is not noted by itself."""
    places, _Current.places = _Current.places, None
    try:
        yield
    finally:
        _Current.places = places


def _noted(value: Any) -> Any:
    if _Current.places is not None:
        _Current.places.note(value)
    return value
