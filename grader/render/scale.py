"""An axis: where a number lies between two ends, linear or logarithmic, and which numbers to write beside it.

Every function takes any finite floats, the largest and the smallest included, and never overflows.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

LARGEST = sys.float_info.max
DECADES = 1000.0
"""Ratio of the largest to the smallest positive value above which an axis is logarithmic."""


@dataclass(frozen=True)
class Scale:
    """The axis from `low` to `high`; both positive where it is `log`."""

    low: float
    high: float
    log: bool = False

    def at(self, value: float) -> float:
        """The share of the way from low to high, cut to 0 … 1; the middle where both are the same."""
        low, high, here = (self._even(number) for number in (self.low, self.high, value))
        # Halved because high - low may be infinite.
        span = high / 2 - low / 2
        return min(max((here / 2 - low / 2) / span, 0.0), 1.0) if span > 0 else 0.5

    def ticks(self, most: int = 5) -> list[float]:
        """Round numbers within the axis, about `most` of them; its two ends where there are none."""
        found = self._decades(most) if self.log else self._steps(most)
        return found if len(found) > 1 else list(dict.fromkeys([self.low, self.high]))

    def _even(self, value: float) -> float:
        if not self.log:
            return value
        return math.log10(value) if value > 0 else math.log10(self.low)

    def _decades(self, most: int) -> list[float]:
        first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
        stride = max(1, -(-(last - first + 1) // most))
        return [10.0**power for power in range(max(first, -307), last + 1, stride)]

    def _steps(self, most: int) -> list[float]:
        step = _round_step(self.high / most - self.low / most)
        if step == 0 or max(abs(self.low), abs(self.high)) / step > 1e12:
            return []
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1) if abs(index * step) <= LARGEST]


def _round_step(step: float) -> float:
    """The least of 1, 2 or 5 times a power of ten that is no smaller; 0 where there is none."""
    if not 1e-300 < step < 1e300:
        return 0.0
    power = 10.0 ** math.floor(math.log10(step))
    return next((power * part for part in (1, 2, 5) if power * part >= step * (1 - 1e-9)), power * 10)


def scale_for(values: Sequence[float]) -> Scale:
    """The axis that shows these finite numbers: logarithmic where positive ones span over three decades.

    It begins at 0 where that costs less than half of the height; a constant lies in its middle.
    """
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low > 0 and high / low > DECADES:
        return Scale(low, high, log=True)
    if low == high:
        pad = abs(low) / 2 or 1.0
        return Scale(max(low - pad, -LARGEST), min(high + pad, LARGEST))
    return Scale(0.0, high) if 0 < low < high / 2 else Scale(low, high)


def scale_against(value: float, threshold: float) -> Scale:
    """The axis for one finite number beside its threshold, with room on both sides."""
    low, high = min(value, threshold), max(value, threshold)
    if low > 0 and high / low > DECADES / 10:
        return Scale(low / 4 or low, min(high * 4, LARGEST), log=True)
    if low >= 0:
        return Scale(0.0, 1.0) if 0.5 < high <= 1 else Scale(0.0, min(high * 1.25, LARGEST) or 1.0)
    pad = max(high / 4 - low / 4, abs(low) / 4)
    return Scale(max(low - pad, -LARGEST), min(high + pad, LARGEST))
