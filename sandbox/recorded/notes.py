"""What recorded data note down: bounded lists of whole numbers that travel in an Answer."""

from __future__ import annotations

import struct
from collections.abc import Iterable

MOST = 6_000
"""Longest list, about 30 KB as text.  What comes after it is only counted."""


class Notes:
    """Lists by name, each at most MOST long.

    products  points whose error was multiplied by their x, in that order: they entered a gradient
    residuals points whose y was compared with a prediction, in that order
    crossed   one number: how often the x of one point met the error of another
    draws     what a random generator shuffled or drew, one draw after the other, and
    sizes     how many numbers each of those draws gave
    first     the first plain number that met an x, as the 64 bits of a float: w at the start of a usual loop
    idle      how often each of the student's lines ran after the last gradient
    missed    one number: entries that did not fit
    """

    def __init__(self) -> None:
        self.lists: dict[str, list[int]] = {
            "products": [],
            "residuals": [],
            "crossed": [0],
            "draws": [],
            "sizes": [],
            "first": [],
            "idle": [],
            "missed": [0],
        }
        self._lines: dict[int, int] = {}

    def product(self, points: Iterable[int]) -> None:
        """These points entered a gradient."""
        self._add("products", list(points))
        self._lines.clear()
        self.lists["idle"].clear()

    def residual(self, points: Iterable[int]) -> None:
        """The targets of these points were compared with predictions."""
        self._add("residuals", list(points))

    def cross(self, count: int) -> None:
        """The x of `count` points met the errors of others."""
        self.lists["crossed"][0] += count

    def met(self, value: float) -> None:
        """A plain number was multiplied by an x."""
        if not self.lists["first"]:
            self.lists["first"].extend(struct.unpack("q", struct.pack("d", value)))

    def draw(self, points: list[int]) -> None:
        """A random generator gave these."""
        if points and len(self.lists["sizes"]) < MOST and self._add("draws", points):
            self.lists["sizes"].append(len(points))

    def line(self, number: int) -> None:
        """A line of the student's ran."""
        counts = self.lists["idle"]
        slot = self._lines.setdefault(number, len(counts))
        if slot < len(counts):
            counts[slot] += 1
        elif len(counts) < MOST:
            counts.append(1)

    def _add(self, name: str, points: list[int]) -> bool:
        if len(self.lists[name]) + len(points) > MOST:
            self.lists["missed"][0] += len(points)
            return False
        self.lists[name].extend(points)
        return True
