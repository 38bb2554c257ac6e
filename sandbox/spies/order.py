"""The order of beats, always recorded: patterns between steps, run-length coded, nested.

A million equal steps are one item; five epochs of 94 equal steps, one odd one and a validation are
one nested item.  Memory and trace grow with the number of *different* stretches, not with the steps.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

MAX_BEATS = 512  # a longer stretch without a step is cut into pieces
MAX_PATTERNS = 200
OTHER = -1  # the id of every pattern beyond those
MAX_ITEMS = 2000
MAX_PERIOD = 12  # longest repeated stretch that is looked for, in items


class OrderLog:
    """Patterns by id and the sequence in which they came."""

    def __init__(self) -> None:
        self.patterns: dict[str, int] = {}
        self.times: Counter[int] = Counter()
        self.items: list[list[Any]] = []  # [pattern id or list of items, times]
        self.truncated = False
        self._others: Counter[str] = Counter()
        self._last: str | None = None  # the pattern counted by the last item, and its number
        self._number = OTHER

    def add(self, beats: str) -> tuple[int, bool]:
        """Append one pattern; its id, and whether it was seen for the first time."""
        if beats == self._last:  # once more: what nearly every step is
            self.times[self._number] += 1
            self.items[-1][1] += 1
            return self._number, False
        known = self.patterns.get(beats)
        new = known is None
        if known is None and len(self.patterns) < MAX_PATTERNS:
            known = self.patterns[beats] = len(self.patterns)
        if known is None:  # so many different ones that they are no patterns any more: count their beats
            self.truncated, new, known = True, False, OTHER
            self._others.update(beats)
        self.times[known] += 1
        items = self.items
        self._last, self._number = (beats if known != OTHER else None), known
        if items and items[-1][0] == known:
            items[-1][1] += 1
        elif len(items) < MAX_ITEMS:
            self._fold()
            items.append([known, 1])
        else:
            self.truncated, self._last = True, None
        return known, new

    @property
    def repeats(self) -> bool:
        """Whether one more of the last pattern would only be counted."""
        return self._last is not None

    def again(self, times: int) -> None:
        """The last pattern came so many times more."""
        self.times[self._number] += times
        self.items[-1][1] += times

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
        totals: Counter[str] = Counter(self._others)
        names = {number: beats for beats, number in reversed(self.patterns.items())}
        for number, times in self.times.items():
            for beat, often in Counter(names.get(number, "")).items():
                totals[beat] += often * times
        return dict(totals)
