"""Following a training by hand: done again on the orders that its generator gave, rightly and with each slip."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from grader.examiner.answers import TOLERANCE, Answer, Judgement, close, first_difference
from grader.examiner.perceptron import Floats, Ints, Params, flat, train

BATCH_SIZE = 16
"""Of the exercise mlp-backprop, which alone uses this."""


class Replay:
    """The training again on the orders that were recorded, as it should be and with each known mistake."""

    def __init__(
        self, judgement: Judgement, answer: Answer, start: Params, x: Floats, y: Ints, given: Any
    ) -> None:
        self.judgement, self.start, self.x, self.y = judgement, start, x, y
        self.epochs, self.lr = int(given["epochs"]), float(given["lr"])
        rows = len(x)
        noted = answer.notes.get("orders", [])
        whole = [np.array(noted[at : at + rows]) for at in range(0, len(noted) - rows + 1, rows)]
        self.orders = [order for order in whole if np.array_equal(np.sort(order), np.arange(rows))]
        self.draws = np.array(answer.notes.get("draws", []), dtype=np.int64) % rows

    def judge(self, final: Floats) -> None:
        """Say which training the final parameters come from."""
        if not np.isfinite(final).all():
            text = "After training the parameters are not finite: the steps go the wrong way, or are far too long."
            self.judgement.found("wrong-update", "train", text)
            return
        for orders in self._readings():
            if any(self._is(final, [b for order in orders for b in cut(order)]) for cut in CUTS):
                return
        for slug, text, batches, slip, labels in self._mistakes():
            if self._is(final, batches, slip, labels):
                self.judgement.found(slug, "train", text)
                return
        if len(self.orders) not in (self.epochs, self.epochs + 1) and not (final == flat(self.start)).all():
            self.judgement.unknown("wrong-update", "train", "the order of the batches could not be followed")
            return
        self._differs(final)

    def _is(self, final: Floats, batches: list[Ints], slip: str = "", labels: Any = None) -> bool:
        with np.errstate(all="ignore"):
            replayed = flat(train(self.start, self.x, self.y, batches, self.lr, slip, labels))
        return close(final, replayed, 100 * TOLERANCE)

    def _readings(self) -> list[list[Ints]]:
        """What the recorded orders may mean: each epoch's own, or each a reordering of the one before."""
        if len(self.orders) < self.epochs:
            return []
        latest, first = self.orders[-self.epochs :], self.orders[: self.epochs]
        composed, current = [], np.arange(len(self.x))
        for order in first:
            current = current[order]
            composed.append(current)
        return [first, latest, composed]

    def _mistakes(self) -> list[tuple[str, str, list[Ints], str, Any]]:
        plain = np.arange(len(self.x))
        result: list[tuple[str, str, list[Ints], str, Any]] = []
        same = "The final parameters are exactly those of a training that takes the rows in "
        for order, what in [
            (plain, "the order they are given in"),
            *((o, "one order") for o in self.orders[:1]),
        ]:
            text = f"{same}{what}, the same in every epoch."
            result.append(("not-shuffled", text, slices(order) * self.epochs, "", None))
        for orders in self._readings():
            batches = [batch for order in orders for batch in slices(order)]
            result += self._with_orders(orders, batches)
        if len(self.orders) == 2 * self.epochs:
            batches = [batch for order in self.orders[::2] for batch in slices(order)]
            labels = [batch for order in self.orders[1::2] for batch in slices(order)]
            text = "The final parameters are those of a training in which x and y are shuffled by different orders."
            result.append(("wrong-update", text, batches, "", labels))
        if len(self.draws) >= BATCH_SIZE:
            batches = [self.draws[at : at + BATCH_SIZE] for at in range(0, len(self.draws), BATCH_SIZE)]
            seen = len(np.unique(self.draws[: len(self.x)]))
            text = (
                f"Rows are drawn by chance for every batch: among the first {len(self.x)} drawn there were only "
                f"{seen} different ones, so an epoch does not go through all rows."
            )
            result.append(("partial-epoch", text, batches, "", None))
        return result

    def _with_orders(self, orders: list[Ints], batches: list[Ints]) -> list[Any]:
        full = [batch for batch in batches if len(batch) == BATCH_SIZE]
        left = len(self.x) % BATCH_SIZE
        head = "The final parameters are exactly those of a training "
        fewer = [batch for order in orders[:-1] for batch in slices(order)]
        return [
            ("partial-epoch", f"{head}that leaves out the last {left} rows of every epoch.", full, "", None),
            ("wrong-average", f"{head}with gradients summed over the batch.", batches, "sum", None),
            (
                "wrong-average",
                f"{head}that divides by {BATCH_SIZE} also where the last batch has only {left} rows.",
                batches,
                "tail",
                None,
            ),
            ("wrong-update", f"{head}that goes uphill: the gradient is added.", batches, "uphill", None),
            ("wrong-update", f"{head}at half the rate.", batches, "half", None),
            ("wrong-update", f"{head}at twice the rate.", batches, "double", None),
            ("wrong-update", f"{head}that never moves the biases.", batches, "bias", None),
            ("wrong-update", f"{head}of one epoch less than asked for.", fewer, "", None),
            ("wrong-update", f"{head}of a single epoch.", slices(orders[0]), "", None),
        ]

    def _differs(self, final: Floats) -> None:
        if (final == flat(self.start)).all():
            text = "The parameters that train returned are the ones it was given: nothing moved them."
            self.judgement.found("wrong-update", "train", text)
            return
        orders = self._readings()[0]
        batches = [batch for order in orders for batch in slices(order)]
        difference = first_difference(final, flat(train(self.start, self.x, self.y, batches, self.lr)))
        if difference is not None:
            where, got, right = difference
            text = (
                "Trained again on the very batches that your `rng` gave, the parameters end elsewhere: number "
                f"{where[0]} of all of them is {got:.6g}; {right:.6g} is right."
            )
            self.judgement.found("wrong-update", "train", text, got=got, expected=right)


def slices(order: Ints) -> list[Ints]:
    """Consecutive batches, the last one shorter."""
    return [order[at : at + BATCH_SIZE] for at in range(0, len(order), BATCH_SIZE)]


def _split(order: Ints) -> list[Ints]:
    """Batches of nearly equal size."""
    return list(np.array_split(order, math.ceil(len(order) / BATCH_SIZE)))


def _strided(order: Ints) -> list[Ints]:
    """Every k-th row."""
    count = math.ceil(len(order) / BATCH_SIZE)
    return [order[start::count] for start in range(count)]


CUTS = (slices, _split, _strided)
