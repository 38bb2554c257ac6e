"""The losses that were backpropagated: exact at both ends, thinned between, in bounded memory."""

from __future__ import annotations

from collections import deque
from math import isfinite

from sandbox import trace

ENDS = 64
THINNED = 256


class LossSeries:
    """Keeps the first and last losses and, between, every k-th with k doubling as the run grows."""

    def __init__(self) -> None:
        self.count = 0
        self.line = 0
        self._first: list[float] = []
        self._last: deque[float] = deque(maxlen=ENDS)
        self._thinned: list[list[float]] = []
        self._every = 1
        self._bad: tuple[int, int, float] | None = None

    def add(self, value: float, line: int) -> None:
        """Take one loss in, with the student's line (0 where it was not taken)."""
        number = self.count
        self.count = number + 1
        if line:
            self.line = line
        if number < ENDS:
            self._first.append(value)
        self._last.append(value)
        if not number % self._every:
            self._thin(number, value)
        if not isfinite(value) and self._bad is None:
            self._bad = (number, self.line, value)

    def extend(self, values: list[float]) -> None:
        """Take several in, as `add` would one after another, from lines that are known already."""
        begin, end = self.count, self.count + len(values)
        self.count = end
        if begin < ENDS:
            self._first += values[: ENDS - begin]
        self._last.extend(values)
        number = -(-begin // self._every) * self._every
        while number < end:
            self._thin(number, values[number - begin])
            number = (number // self._every + 1) * self._every
        if self._bad is None and not isfinite(sum(values)):
            bad = next((place for place, value in enumerate(values) if not isfinite(value)), None)
            self._bad = None if bad is None else (begin + bad, self.line, values[bad])

    def _thin(self, number: int, value: float) -> None:
        self._thinned.append([float(number), value])
        if len(self._thinned) > THINNED:
            self._thinned = self._thinned[::2]
            self._every *= 2

    def record(self) -> trace.Losses:
        """All of it as one record."""
        bad = self._bad or (-1, 0, None)
        return trace.Losses(
            count=self.count,
            first=self._first,
            last=list(self._last),
            thinned=self._thinned,
            non_finite_at=bad[0],
            non_finite_line=bad[1],
            non_finite_value=bad[2],
            line=self.line,
        )
