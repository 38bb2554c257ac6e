"""Labels: whether what a loss is given as targets has to do with the labels that came with its batch.

Only where the model was fed a batch just as a loader drew it can the two be compared, row by row.
"""

from __future__ import annotations

import weakref
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

import torch

from sandbox import trace
from sandbox.spies.graphs import first_tensor, readable

DRAWS = 4  # that are kept, for loops that draw ahead
MAX_LINES = 16
MAX_KINDS = 64  # different labels; more are measured numbers


class _Drawn:
    """A batch's input (weakly) and a copy of its labels."""

    def __init__(self, batch: torch.Tensor, labels: torch.Tensor) -> None:
        self.batch, self.version = weakref.ref(batch), batch._version
        self.labels = labels.detach().clone()

    def unchanged(self, pointer: int) -> bool:
        """Whether the batch is alive, as it was drawn, and what lies at this address."""
        batch = self.batch()
        return batch is not None and batch.data_ptr() == pointer and batch._version == self.version


class _Line:
    """What is known of the targets at one line of the student's code."""

    def __init__(self) -> None:
        self.calls = self.samples = self.permuted = self.counting = 0
        self.pairs: Counter[tuple[float, float]] = Counter()
        self.measured = False

    def agreement(self) -> float:
        """The share of samples whose target is the commonest for their label; -1 where labels are measured."""
        if self.measured or not self.samples:
            return -1.0
        best: dict[float, int] = {}
        for (label, _), count in self.pairs.items():
            best[label] = max(best.get(label, 0), count)
        return sum(best.values()) / self.samples


class LabelLog:
    """Follows labels from the draw of a batch to the loss."""

    def __init__(self) -> None:
        self._drawn: deque[_Drawn] = deque(maxlen=DRAWS)
        self._lines: dict[tuple[str, int], _Line] = {}

    def drawn(self, batch: Any) -> None:
        """A loader has yielded a batch; its labels are the second tensor of a pair."""
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            return
        inputs, labels = (first_tensor(part) for part in batch)
        if inputs is not batch[0] or labels is not batch[1] or inputs is None or labels is None:
            return  # a dictionary, a picture, a text: nothing to compare
        if (
            labels.dim() in (1, 2) and not inputs.is_inference()
        ):  # such a tensor has no version, and is never trained on
            self._drawn.append(_Drawn(inputs, labels))

    def compared(self, name: str, line: int, target: Any, pointer: int) -> None:
        """A loss whose model was fed what lies at `pointer`."""
        drawn = next((item for item in reversed(self._drawn) if item.unchanged(pointer)), None)
        if drawn is None or not isinstance(target, torch.Tensor) or not readable(target):
            return
        labels = _keys(drawn.labels)
        targets = (
            labels if target.dtype == drawn.labels.dtype and _equal(target, drawn.labels) else _keys(target)
        )
        if labels is None or targets is None or len(labels) != len(targets) or len(labels) < 2:
            return
        if (name, line) not in self._lines and len(self._lines) >= MAX_LINES:
            return
        known = self._lines.setdefault((name, line), _Line())
        known.calls += 1
        known.samples += len(labels)
        known.permuted += labels != targets and sorted(labels) == sorted(targets)
        known.counting += targets[:2] == [0, 1] and targets == list(range(len(targets)))
        known.pairs.update(zip(labels, targets, strict=True))
        kinds = {label for label, _ in known.pairs}
        if len(kinds) > MAX_KINDS or 2 * len(kinds) > known.samples:
            known.measured = True
        while len(known.pairs) > 64 * MAX_KINDS:
            known.pairs.popitem()

    def records(self) -> list[trace.Targets]:
        """One record for each loss and line."""
        return [
            trace.Targets(
                name=name,
                line=line,
                calls=known.calls,
                samples=known.samples,
                labels=len({label for label, _ in known.pairs}),
                targets=len({target for _, target in known.pairs}),
                agreement=known.agreement(),
                permuted=known.permuted,
                counting=known.counting,
            )
            for (name, line), known in self._lines.items()
        ]


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and one.device == other.device and bool(torch.equal(one, other))


def _keys(values: torch.Tensor) -> Sequence[float] | None:
    """One number for each row, equal for equal rows; None for what has no rows."""
    if values.dim() not in (1, 2) or not values.numel():
        return None
    if values.dim() == 1 and values.dtype is torch.int64:
        whole: list[int] = values.tolist()
        return whole
    rows = values.detach().double().cpu().reshape(len(values), -1)
    if rows.shape[1] > 1:
        rows = rows @ torch.arange(1, rows.shape[1] + 1, dtype=torch.float64)
    keys: list[float] = rows.reshape(-1).round(decimals=5).tolist()
    return keys
