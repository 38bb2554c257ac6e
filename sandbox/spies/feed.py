"""What the training steps were fed: rows counted once per batch, fingerprints where no loader drew them.

A batch that a loader has just drawn is new by that.  Any other input is told by its content, so that a
loop which slices tensors by hand, or trains on one stored batch for ever, is seen for what it is.
"""

from __future__ import annotations

from collections import deque

import torch

from sandbox import trace

KEPT = 4096  # fingerprints


def fingerprint(batch: torch.Tensor) -> int:
    """A number for the content of a batch: two sums over it, one over all and one over every seventh."""
    flat = batch.detach().reshape(-1)
    if not flat.is_floating_point():
        flat = flat.double()
    return hash((float(flat.sum()), float(flat[::7].sum()), tuple(batch.shape)))


class FeedLog:
    """Follows draws, forwards, backwards and steps."""

    def __init__(self) -> None:
        self.trained_rows = 0
        self.dataset_rows = 0
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
        self.trained_rows += self._candidate
        self._candidate, self._forwards = 0, False

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
