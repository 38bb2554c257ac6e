"""Where the contents of tensors come from: parameters, gradients or data.

It is kept by the memory that a tensor lies in, so that views share it and what is written into one is known of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

KINDS = {"p": "p", "g": "g", "b": "d", "d": "dw", "s": "dw", "u": "u", "f": "dp", "l": "dp"}
"""By an operand's kind: parameters (p), gradients (g), data (d), rows of a whole set (w), buffers (u).

Computed from such rows (c), from data of a step before (c), or from held-out data (h, those themselves H).
"""


class Origins:
    """The letters of KINDS for each tensor's memory."""

    def __init__(self) -> None:
        self._by_place: dict[int, str] = {}

    def known(self, tensor: torch.Tensor, kind: str, more: str = "") -> None:
        """An operand is used; parameters and gradients are what they are, whatever is written into them."""
        origin = KINDS.get(kind, "") + more
        if origin in ("p", "g"):
            self._by_place[place(tensor)] = origin
        else:
            self._by_place.setdefault(place(tensor), origin)

    def fresh(self, tensors: Sequence[Any], origin: str) -> None:
        """Tensors were made, in memory of their own."""
        for tensor in tensors:
            if isinstance(tensor, torch.Tensor):
                self._by_place[place(tensor)] = origin

    def of(self, value: Any) -> str:
        """What the tensors among arguments come from."""
        found = (self._by_place.get(where, "") for where in places(value))
        return "".join(sorted(set("".join(found))))

    def add(self, tensor: torch.Tensor, letters: str) -> None:
        """A tensor comes from these as well."""
        where = place(tensor)
        self._by_place[where] = "".join(sorted({*self._by_place.get(where, ""), *letters}))

    def made(self, tensors: Sequence[torch.Tensor], origin: str, arguments: Any) -> None:
        """A function gave or changed tensors; those in the memory of its arguments add to what was there."""
        given = set(places(arguments))
        for tensor in tensors:
            where = place(tensor)
            before = self._by_place.get(where, "") if where in given else ""
            self._by_place[where] = "".join(sorted({*before, *origin}))


def place(tensor: torch.Tensor) -> int:
    """Where a tensor's memory begins: the same for all its views."""
    return tensor.untyped_storage().data_ptr()


def places(value: Any) -> list[int]:
    """The places of all tensors among arguments."""
    found: list[int] = []
    _look(value, found)
    return found


def _look(value: Any, found: list[int]) -> None:
    if isinstance(value, torch.Tensor):
        found.append(place(value))
    elif isinstance(value, (list, tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            _look(item, found)


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """All tensors among arguments, however many and however deep."""
    if isinstance(value, torch.Tensor):
        yield value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    for item in items:
        yield from tensors(item)


def computed(origin: str) -> str:
    """What comes of it when numbers are computed from tensors, and not only picked, moved or cast."""
    letters = set(origin)
    if "w" in letters:
        letters = letters - {"w"} | {"c"}
    if "H" in letters:
        letters = letters - {"H"} | {"h"}
    return "".join(sorted(letters))
