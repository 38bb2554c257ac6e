"""The order of beats, always recorded: patterns between steps, run-length coded, nested.

A million equal steps are one item; five epochs of 94 equal steps, one odd one and a validation are
one nested item.  Memory and trace grow with the number of *different* stretches, not with the steps.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

MAX_BEATS = 512  # a longer stretch without a step is cut into pieces
MAX_PATTERNS = 200
MAX_ITEMS = 2000
MAX_PERIOD = 12  # longest repeated stretch that is looked for, in items


class OrderLog:
    """Patterns by id and the sequence in which they came."""

    def __init__(self) -> None:
        self.patterns: dict[str, int] = {}
        self.times: Counter[int] = Counter()
        self.items: list[list[Any]] = []  # [pattern id or list of items, times]
        self.truncated = False

    def add(self, beats: str) -> tuple[int, bool]:
        """Append one pattern; its id, and whether it was seen for the first time."""
        known = self.patterns.get(beats)
        new = known is None
        if known is None:
            known = self.patterns[beats] = len(self.patterns) if len(self.patterns) < MAX_PATTERNS else 0
        self.times[known] += 1
        items = self.items
        if items and items[-1][0] == known:
            items[-1][1] += 1
        elif len(items) < MAX_ITEMS:
            self._fold()
            items.append([known, 1])
        else:
            self.truncated = True
        return known, new

    def _fold(self) -> None:
        """Merge a stretch at the end that repeats the stretch before it."""
        items = self.items
        for period in range(1, min(MAX_PERIOD, len(items) - 1) + 1):
            tail = items[-period:]
            block = items[-period - 1]
            if isinstance(block[0], list) and block[0] == tail:
                del items[-period:]
                block[1] += 1
                return
            if period * 2 <= len(items) and period > 1 and items[-2 * period : -period] == tail:
                items[-2 * period :] = [[tail, 2]]
                return

    def counts(self) -> dict[str, int]:
        """How often each beat happened in the whole run."""
        totals: Counter[str] = Counter()
        names = {number: beats for beats, number in reversed(self.patterns.items())}
        for number, times in self.times.items():
            for beat, often in Counter(names[number]).items():
                totals[beat] += often * times
        return dict(totals)
