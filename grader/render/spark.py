"""A series of numbers as one line of blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

BLOCKS = "▁▂▃▄▅▆▇█"
GAP = "×"
"""Stands where a number is missing, infinite or not a number."""


def sparkline(values: Sequence[float | None], width: int) -> str:
    """At most `width` characters, low to high; each the mean of its share of the values.

    A share that holds anything but finite numbers is GAP; a constant series is a flat line; none is "".
    """
    cells = [_mean(share) for share in _shares(values, max(width, 1))]
    finite = [cell for cell in cells if cell is not None]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(GAP if cell is None else _block(cell, low, high) for cell in cells)


def _shares(values: Sequence[float | None], width: int) -> list[Sequence[float | None]]:
    """The values in `width` consecutive shares as equal as can be, or one by one when they are fewer."""
    count = min(width, len(values))
    borders = [index * len(values) // count for index in range(count + 1)] if count else [0]
    return [values[start:end] for start, end in pairwise(borders)]


def _mean(share: Sequence[float | None]) -> float | None:
    numbers = [value for value in share if value is not None and math.isfinite(value)]
    # Divided before it is summed: the sum of two large floats may be infinite.
    return math.fsum(value / len(share) for value in numbers) if len(numbers) == len(share) else None


def _block(value: float, low: float, high: float) -> str:
    # Halved because high - low may be infinite.
    span = high / 2 - low / 2
    if span <= 0:
        return BLOCKS[3]
    return BLOCKS[min(int((value / 2 - low / 2) / span * len(BLOCKS)), len(BLOCKS) - 1)]
