"""A series of losses made ready to draw: numbered, thinned, split at its gaps, and smoothed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

MOST_POINTS = 600
"""Longer series are drawn as the lowest and the highest of this many shares."""
MOST_STEP = 1 << 53
SMOOTHED_FROM = 40
"""A series of at least so many points gets a running mean over a twentieth of them."""


@dataclass(frozen=True)
class Series:
    """Pairs of a step and its loss, in order; None where the loss is missing or not a finite number.

    `first`, `last`, `lowest` and `gaps` (the steps of the missing ones) are those of the whole series, not
    of the thinned one.
    """

    points: tuple[tuple[int, float | None], ...]
    first: float | None
    last: float | None
    lowest: tuple[int, float] | None
    gaps: tuple[int, ...]
    count: int

    def finite(self) -> list[float]:
        """The numbers that can be drawn."""
        return [loss for _, loss in self.points if loss is not None]

    def segments(self) -> Iterator[list[tuple[int, float]]]:
        """The stretches between the gaps."""
        stretch: list[tuple[int, float]] = []
        for step, loss in self.points:
            if loss is not None:
                stretch.append((step, loss))
            elif stretch:
                yield stretch
                stretch = []
        if stretch:
            yield stretch


def series(losses: Sequence[float | None], steps: Sequence[int]) -> Series:
    """The series; steps count from 1 where `steps` does not fit the losses or does not rise."""
    numbers = [loss if loss is not None and math.isfinite(loss) else None for loss in losses]
    pairs = list(zip(_steps(len(numbers), steps), numbers, strict=True))
    finite = [(step, loss) for step, loss in pairs if loss is not None]
    return Series(
        points=tuple(_thinned(pairs)),
        first=numbers[0] if numbers else None,
        last=numbers[-1] if numbers else None,
        lowest=min(finite, key=lambda pair: pair[1], default=None),
        gaps=tuple(step for step, loss in pairs if loss is None),
        count=len(pairs),
    )


def smoothed(stretch: Sequence[tuple[int, float]], window: int) -> list[tuple[int, float]]:
    """The running mean over `window` points around each; the ends have fewer."""
    half = window // 2
    means = []
    for index, (step, _) in enumerate(stretch):
        near = [loss for _, loss in stretch[max(index - half, 0) : index + half + 1]]
        # Divided before it is summed: the sum of two large floats may be infinite.
        means.append((step, math.fsum(loss / len(near) for loss in near)))
    return means


def _steps(count: int, steps: Sequence[int]) -> Sequence[int]:
    rising = all(before < after for before, after in pairwise(steps))
    fits = len(steps) == count and rising and count > 0 and steps[0] >= 0 and steps[-1] <= MOST_STEP
    return steps if fits else range(1, count + 1)


def _thinned(pairs: list[tuple[int, float | None]]) -> Iterator[tuple[int, float | None]]:
    """The pairs, or of each share its lowest, its highest and its first gap, in order."""
    size = -(-len(pairs) // MOST_POINTS)
    if size <= 2:
        yield from pairs
        return
    for start in range(0, len(pairs), size):
        share = pairs[start : start + size]
        finite = [(step, loss) for step, loss in share if loss is not None]
        kept: set[tuple[int, float | None]] = set()
        if finite:
            kept |= {min(finite, key=lambda pair: pair[1]), max(finite, key=lambda pair: pair[1])}
        kept |= {pair for pair in share if pair[1] is None}
        yield from _few(sorted(kept, key=lambda pair: pair[0]))


def _few(pairs: list[tuple[int, float | None]]) -> Iterator[tuple[int, float | None]]:
    """The pairs with only the first of several gaps in a row."""
    before: float | None = 0.0
    for step, loss in pairs:
        if loss is not None or before is not None:
            yield step, loss
        before = loss
