"""Random generators that note which points they shuffled or drew: Python's `random` and numpy's Generator."""

from __future__ import annotations

import functools
import random
import types
from collections.abc import Callable, Sequence
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


def record_module(places: Places) -> None:
    """From now on note what the module `random` (and every `random.Random`) shuffles and draws."""
    for name in ("shuffle", "sample", "choices"):
        method = _noting(getattr(random.Random, name), places, shuffles=name == "shuffle")
        setattr(random.Random, name, method)
        instance = getattr(getattr(random, name), "__self__", None)
        if instance is not None:
            setattr(random, name, types.MethodType(method, instance))
    for name in ("permutation", "shuffle", "choice"):
        function = getattr(np.random, name)
        setattr(np.random, name, _noting(function, places, shuffles=name == "shuffle", first=0))
    np.random.default_rng = functools.partial(_default_rng, np.random.default_rng, places)


def _noting(
    function: Callable[..., Any], places: Places, *, shuffles: bool, first: int = 1
) -> Callable[..., Any]:
    """The function, noting what it returned, or what it left in its first argument."""

    @functools.wraps(function)
    def noting(*args: Any, **kwargs: Any) -> Any:
        value = function(*args, **kwargs)
        places.note((args[first] if len(args) > first else kwargs.get("x")) if shuffles else value)
        return value

    return noting


def _default_rng(make: Callable[..., np.random.Generator], places: Places, seed: Any = None) -> Any:
    made = make(seed)
    return made if isinstance(made, RecordedGenerator) else RecordedGenerator(made.bit_generator, places)


class RecordedGenerator(np.random.Generator):
    """numpy's Generator, noting permutations, shuffles and draws of points."""

    def __init__(self, bit_generator: np.random.BitGenerator, places: Places) -> None:
        super().__init__(bit_generator)
        self._places = places

    def permutation(self, *args: Any, **kwargs: Any) -> Any:
        """As numpy's."""
        return self._noted(super().permutation(*args, **kwargs))

    def permuted(self, *args: Any, **kwargs: Any) -> Any:
        """As numpy's."""
        return self._noted(super().permuted(*args, **kwargs))

    def choice(self, *args: Any, **kwargs: Any) -> Any:
        """As numpy's."""
        return self._noted(super().choice(*args, **kwargs))

    def integers(self, *args: Any, **kwargs: Any) -> Any:
        """As numpy's."""
        return self._noted(super().integers(*args, **kwargs))

    def shuffle(self, x: Any, *args: Any, **kwargs: Any) -> None:
        """As numpy's."""
        super().shuffle(x, *args, **kwargs)
        self._places.note(x)

    def _noted(self, value: Any) -> Any:
        self._places.note(value)
        return value
