"""What the training steps were fed: rows counted once per batch, fingerprints where no loader drew them.

A batch that a loader has just drawn is new by that.  Any other input is told by its content, so that a
loop which slices tensors by hand, or trains on one stored batch for ever, is seen for what it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import torch

from sandbox import trace

KEPT = 4096  # fingerprints


def fingerprint(batch: torch.Tensor) -> int:
    """A number for the content of a batch: two sums over it, one over all and one over every seventh."""
    flat = batch.detach().reshape(-1)
    if not flat.is_floating_point():
        flat = flat.double()
    return hash((float(flat.sum()), float(flat[::7].sum()), tuple(batch.shape)))


class Used:
    """Tells which of the things a backward was made from a step then used.

    A thing counts when a step follows.  A zero_grad in between drops what belongs to batches before the
    last draw: an adversarial evaluation differentiates test data and throws the gradients away.  In loops
    without any optimizer (updates by hand) there is no step to see, and every backward counts.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Callable[[], None]]] = []
        self._early: list[Callable[[], None]] = []  # all of them, until the first step is seen
        self._draws = 0
        self._steps = False

    def add(self, count: Callable[[], None]) -> None:
        """A backward; `count` is called once a step has used it."""
        self._waiting.append((self._draws, count))
        del self._waiting[:-KEPT]
        if not self._steps:
            self._early.append(count)

    def drawn(self) -> None:
        """A loader has yielded a batch."""
        self._draws += 1

    def cleared(self) -> None:
        """A zero_grad."""
        self._waiting = [item for item in self._waiting if item[0] == self._draws]

    def stepped(self) -> None:
        """An optimizer's step."""
        self._steps, self._early = True, []
        waiting, self._waiting = self._waiting, []
        for _, count in waiting:
            count()

    def close(self) -> None:
        """The run is over: without any step, every backward was an update by hand."""
        early, self._early = self._early, []
        for count in early:
            count()


class FeedLog:
    """Follows draws, forwards, backwards and steps."""

    def __init__(self) -> None:
        self.used = Used()
        self.trained_rows = 0
        self._pending = 0  # rows drawn by a loader and not yet used
        self._evaluated = False
        self._candidate = 0  # rows that have gone forward and wait for a backward
        self._step_inputs: set[int] = set()
        self._first: int | None = None  # fingerprint of this step's first input, where no loader drew it
        self._step_rows = 0
        self._line = 0
        self._fresh_steps = 0
        self._stepped_fresh = False
        self._seen: deque[int] = deque(maxlen=KEPT)
        self._forwards = False

    def drawn(self, rows: int) -> None:
        """A loader has yielded a batch."""
        self.used.drawn()
        if self._evaluated:
            self._pending, self._evaluated = 0, False
        self._pending += rows

    def evaluated(self) -> None:
        """A forward without gradients: the batch at hand was (also) evaluated."""
        self._evaluated = True

    def forward(self, batch: torch.Tensor | None, line: int) -> None:
        """A training forward on `batch` (None: no tensor among its arguments)."""
        self._forwards = True
        self._evaluated = False
        if batch is None or batch.dim() == 0:
            return
        rows, pointer = batch.shape[0], batch.data_ptr()
        if self._pending:
            self._pending = 0
            self._stepped_fresh = True
            self._step_inputs.add(pointer)
            self._candidate += rows
            return
        if pointer in self._step_inputs and self._stepped_fresh:
            return  # the same batch again within a step: SAM, a closure, a second loss
        key = fingerprint(batch)
        if self._first is None:
            self._first, self._line = key, line or self._line
            self._step_rows = max(self._step_rows, rows)
        if key not in self._step_inputs:
            if len(self._step_inputs) >= KEPT:
                self._step_inputs.clear()
            self._step_inputs.add(key)
            self._candidate += rows

    def backward(self) -> None:
        """A backward: what went forward since the last one has been trained on."""
        if not self._forwards:  # `model.forward(x)` shows no module call: count what was drawn
            self._candidate, self._pending = self._pending, 0
        if rows := self._candidate:
            self.used.add(lambda: self._trained(rows))
        self._candidate, self._forwards = 0, False

    def _trained(self, rows: int) -> None:
        self.trained_rows += rows

    def step_ended(self) -> None:
        """A step: the next input of the same content is a repetition."""
        if self._first is not None and not self._stepped_fresh:
            self._seen.append(self._first)
        elif self._stepped_fresh:
            self._fresh_steps += 1
        self._first, self._stepped_fresh = None, False
        self._step_inputs.clear()

    def record(self) -> trace.Feed | None:
        """The steps that no loader fed; None when there were none."""
        if not self._seen:
            return None
        seen = list(self._seen)
        return trace.Feed(
            steps=len(seen),
            distinct=len(set(seen)),
            period=period(seen),
            rows=self._step_rows,
            fresh=self._fresh_steps,
            line=self._line,
        )


def period(values: list[int]) -> int:
    """The smallest P with values[i] == values[i + P] throughout, seen at least twice; else 0."""
    for size in range(1, len(values) // 2 + 1):
        if values[size] == values[0] and values[size:] == values[:-size]:
            return size
    return 0
