"""Items of the exercise's own data sets, read once: what no transform of theirs draws or learns is the same again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from sandbox.spies.making import draws
from sandbox.spies.reading import FIRST_BODY

ROOM = 256 << 20
"""Bytes of tensors that are kept."""
CHANGING = {"p", "u"}
"""Operands of a function that may be others next time: parameters, buffers."""


class Readings:
    """What was read of data sets so far, by data set and transform."""

    def __init__(self) -> None:
        self._room = ROOM
        self._known: dict[str, dict[int, Any]] = {}

    def keep(self, data: Any, name: str, transform: Sequence[Any], bodies: Mapping[int, Any]) -> Any:
        """The data set `name`, whose items are kept once they were read, where its transform allows for that.

        Loaders ask a data set for the items of a batch by `__getitems__` where it has one; they copy what they get.
        """
        functions = [bodies.get(FIRST_BODY + number) for kind, number in transform if kind == "function"]
        if not all(map(_is_fixed, functions)):
            return data
        known = self._known.setdefault(json.dumps([name, transform]), {})

        def items(indices: Sequence[int]) -> list[Any]:
            return [self._item(data, index, known) for index in indices]

        data.__getitems__ = items
        return data

    def _item(self, data: Any, index: int, known: dict[int, Any]) -> Any:
        found = known.get(index)
        if found is not None:
            return found
        found = data[index]
        size = sum(part.nbytes for part in found if isinstance(part, torch.Tensor))
        if size <= self._room:
            self._room -= size
            known[index] = found
        return found


def _is_fixed(body: Any) -> bool:
    """Whether a function of the file's gives the same for the same."""
    if body is None or _names([body.result]) & CHANGING:
        return False
    return all(op[0] in "=~" and not draws(op[1]) and not _names(op[2:]) & CHANGING for op in body.ops)


def _names(value: Any) -> set[str]:
    """The first entries of all lists within lists and dictionaries."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = {value[0]} if isinstance(value, list) and value and isinstance(value[0], str) else set()
    return found.union(*map(_names, parts))
