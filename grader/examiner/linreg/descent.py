"""Gradient descent on a line, replayed on recorded batches: by the right rule, or with a known slip in it.

The data enter through five sums a batch (n, Σx, Σy, Σxx, Σxy), because the gradient of the squared error of a
line needs no more; only the absolute error looks at the points again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

Batch = Sequence[int]
Course = Sequence[Sequence[Batch]]
"""Epochs of batches of points."""
Floats = np.ndarray[Any, Any]
Line = tuple[float, float]
Sums = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Rule:
    """How a loop computes its gradients and updates; the defaults are right.

    timing  batch    one update a batch
            sample   one update a point, each with the parameters the last one left
            running  one update a point, with what its batch has gathered so far
            stale    all gradients of an epoch with the parameters at its start
            late     each update with the gradient of the batch before
            last     one update an epoch, with the gradient of its last batch
            gather   one update an epoch, with the sum of its batches' gradients
            w-first  b's gradient with the w that was just updated;  b-first: the other way round
    average mean of the batch; sum; asked (divided by the batch size that was asked for); all (by all points)
    clear   batch, epoch (what was gathered is cleared once an epoch), never
    kept    what is gathered without clearing: means of gradients, or sums that are divided later
    form    right; no-x (w's gradient lacks the factor x); x-on-b; no-b (predictions without b); absolute (error);
            paired-with-all (every prediction compared with every target of the batch)
    """

    factor_w: float = 2.0
    factor_b: float = 2.0
    average: Literal["mean", "sum", "asked", "all"] = "mean"
    moves: str = "wb"
    clear: Literal["batch", "epoch", "never"] = "batch"
    kept: Literal["means", "sums"] = "means"
    timing: str = "batch"
    form: str = "right"
    rate: float = 1.0
    start: Line = (0.0, 0.0)


RIGHT = Rule()


@dataclass(frozen=True)
class Problem:
    """What a loop was given: points (1-D float64 arrays), the batch size and the learning rate."""

    x: Floats
    y: Floats
    batch_size: int
    lr: float

    def sums(self, batch: Batch) -> Sums:
        """n, Σx, Σy, Σxx, Σxy of a batch."""
        x, y = self.x[list(batch)], self.y[list(batch)]
        return float(len(x)), float(x.sum()), float(y.sum()), float(x @ x), float(x @ y)


class Replay:
    """A course over a problem's points, its sums computed once."""

    def __init__(self, problem: Problem, course: Course) -> None:
        self.problem = problem
        self.course = course
        self._sums = [[problem.sums(batch) for batch in epoch] for epoch in course]
        self._single: list[list[list[Sums]]] | None = None

    @property
    def _points(self) -> list[list[list[Sums]]]:
        if self._single is None:
            single = [self.problem.sums([point]) for point in range(len(self.problem.x))]
            self._single = [[[single[point] for point in batch] for batch in epoch] for epoch in self.course]
        return self._single

    def line(self, rule: Rule) -> Line:
        """The slope and intercept that a rule comes to."""
        with np.errstate(all="ignore"):
            try:
                return self._line(rule)
            except OverflowError:
                return float("nan"), float("nan")

    def _line(self, rule: Rule) -> Line:
        w, b = rule.start
        rate = self.problem.lr * rule.rate
        gathered = (0.0, 0.0)
        before = (0.0, 0.0)
        for number, epoch in enumerate(self._sums):
            if rule.clear == "epoch":
                gathered = (0.0, 0.0)
            held = (w, b)
            epoch_sum = last = (0.0, 0.0)
            for place, sums in enumerate(epoch):
                if rule.timing in ("sample", "running"):
                    w, b = self._by_point(rule, number, place, w, b, rate)
                    continue
                at = held if rule.timing == "stale" else (w, b)
                gradient, gathered = self._gradient(rule, number, place, sums, at, gathered)
                if rule.timing in ("last", "gather"):
                    epoch_sum = (epoch_sum[0] + gradient[0], epoch_sum[1] + gradient[1])
                    last = gradient
                    continue
                used, before = (before, gradient) if rule.timing == "late" else (gradient, before)
                w, b = self._step(rule, number, place, sums, used, (w, b), rate)
            if rule.timing in ("last", "gather") and epoch:
                used = last if rule.timing == "last" else epoch_sum
                w, b = _moved(rule, used, (w, b), rate)
        return w, b

    def _gradient(
        self, rule: Rule, number: int, place: int, sums: Sums, at: Line, gathered: Line
    ) -> tuple[Line, Line]:
        """The gradient that an update uses, and what stays gathered."""
        raw = self._raw(rule, number, place, sums, at)
        size = self._size(rule, sums[0])
        if rule.clear == "batch":
            return (raw[0] / size, raw[1] / size), (0.0, 0.0)
        if rule.kept == "means":
            raw = (raw[0] / size, raw[1] / size)
            size = 1.0
        gathered = (gathered[0] + raw[0], gathered[1] + raw[1])
        return (gathered[0] / size, gathered[1] / size), gathered

    def _step(
        self, rule: Rule, number: int, place: int, sums: Sums, used: Line, at: Line, rate: float
    ) -> Line:
        if rule.timing not in ("w-first", "b-first"):
            return _moved(rule, used, at, rate)
        first = "w" if rule.timing == "w-first" else "b"
        middle = _moved(replace(rule, moves=first), used, at, rate)
        raw = self._raw(rule, number, place, sums, middle)
        size = self._size(rule, sums[0])
        second = "b" if first == "w" else "w"
        return _moved(replace(rule, moves=second), (raw[0] / size, raw[1] / size), middle, rate)

    def _by_point(self, rule: Rule, number: int, place: int, w: float, b: float, rate: float) -> Line:
        """One batch, updated after every point."""
        points = self._points[number][place]
        of_batch = float(len(points))
        gathered = (0.0, 0.0)
        for sums in points:
            raw = _squared(rule, sums, w, b)
            if rule.timing == "running":
                raw = gathered = (gathered[0] + raw[0], gathered[1] + raw[1])
            size = {"mean": of_batch, "sum": 1.0, "asked": float(self.problem.batch_size)}.get(
                rule.average, float(len(self.problem.x))
            )
            w, b = _moved(rule, (raw[0] / size, raw[1] / size), (w, b), rate)
        return w, b

    def _size(self, rule: Rule, count: float) -> float:
        """What the sum over a batch is divided by."""
        sizes = {"mean": count, "sum": 1.0, "asked": float(self.problem.batch_size)}
        return sizes.get(rule.average, float(len(self.problem.x)))

    def _raw(self, rule: Rule, number: int, place: int, sums: Sums, at: Line) -> Line:
        """The gradient summed over a batch."""
        if rule.form != "absolute":
            return _squared(rule, sums, *at)
        batch = list(self.course[number][place])
        x, y = self.problem.x[batch], self.problem.y[batch]
        sign = np.sign(at[0] * x + at[1] - y)
        return float(sign @ x) * rule.factor_w / 2, float(sign.sum()) * rule.factor_b / 2


def _squared(rule: Rule, sums: Sums, w: float, b: float) -> Line:
    n, x, y, xx, xy = sums
    if rule.form == "no-b":
        b = 0.0
    dw = w * xx + b * x - xy
    db = w * x + b * n - y
    if rule.form == "no-x":
        dw = db
    elif rule.form == "x-on-b":
        db = dw
    elif rule.form == "paired-with-all" and n:
        dw = w * xx + b * x - x * y / n
    return rule.factor_w * dw, rule.factor_b * db


def _moved(rule: Rule, gradient: Line, at: Line, rate: float) -> Line:
    w, b = at
    if "w" in rule.moves:
        w -= rate * gradient[0]
    if "b" in rule.moves:
        b -= rate * gradient[1]
    return w, b


@dataclass(frozen=True)
class Slip:
    """A known mistake: the finding it is, what it is in words, and the fields of the rule it changes."""

    slug: str
    words: str
    changes: tuple[tuple[str, Any], ...]

    def rule(self, base: Rule = RIGHT) -> Rule:
        """A rule with this slip in it."""
        return replace(base, **dict(self.changes))


def _slip(slug: str, words: str, **changes: Any) -> Slip:
    return Slip(slug, words, tuple(changes.items()))


SLIPS = (
    _slip(
        "wrong-average",
        "the gradients were added up over the batch and not divided by its number of points",
        average="sum",
    ),
    _slip(
        "wrong-average",
        "the last, shorter batch was divided by the batch size instead of its own number of points",
        average="asked",
    ),
    _slip("wrong-average", "each batch was divided by the number of all points", average="all"),
    _slip(
        "wrong-gradient",
        "the factor 2 of the derivative of (prediction - y)² is missing",
        factor_w=1.0,
        factor_b=1.0,
    ),
    _slip("wrong-gradient", "the factor 2 is missing in the gradient of w", factor_w=1.0),
    _slip("wrong-gradient", "the factor 2 is missing in the gradient of b", factor_b=1.0),
    _slip(
        "wrong-gradient",
        "the sign is wrong: the steps go up the gradient instead of down",
        factor_w=-2.0,
        factor_b=-2.0,
    ),
    _slip("wrong-gradient", "the sign of w's gradient is wrong", factor_w=-2.0),
    _slip("wrong-gradient", "the sign of b's gradient is wrong", factor_b=-2.0),
    _slip("wrong-gradient", "the gradient of w lacks its factor x", form="no-x"),
    _slip("wrong-gradient", "the gradient of b is multiplied by x; only that of w is", form="x-on-b"),
    _slip("wrong-gradient", "the prediction is w * x, without b", form="no-b"),
    _slip(
        "wrong-gradient",
        "it is the gradient of the absolute error; the squared error was asked for",
        form="absolute",
    ),
    _slip(
        "wrong-gradient",
        "every prediction was compared with every target of the batch, as when the shapes (n, 1) and (n,) meet",
        form="paired-with-all",
    ),
    _slip("wrong-update", "b was never updated", moves="w"),
    _slip("wrong-update", "w was never updated", moves="b"),
    _slip("missing-zero-grad", "the gradients were never set back to zero", clear="never"),
    _slip("missing-zero-grad", "the gradients were never set back to zero", clear="never", kept="sums"),
    _slip(
        "missing-zero-grad",
        "the gradients were set back to zero once an epoch, not for every batch",
        clear="epoch",
    ),
    _slip(
        "missing-zero-grad",
        "the gradients were set back to zero once an epoch, not for every batch",
        clear="epoch",
        kept="sums",
    ),
    _slip(
        "step-before-backward",
        "each update used the gradient of the batch before, and the first one none",
        timing="late",
    ),
    _slip(
        "wrong-update",
        "the parameters were updated after every point, not once a batch",
        timing="sample",
        average="sum",
    ),
    _slip("wrong-update", "the parameters were updated after every point, not once a batch", timing="sample"),
    _slip(
        "wrong-update",
        "the parameters were updated after every point, with what the batch had gathered so far",
        timing="running",
    ),
    _slip(
        "wrong-update",
        "the parameters were updated after every point, with what the batch had gathered so far",
        timing="running",
        average="sum",
    ),
    _slip(
        "wrong-update",
        "all gradients of an epoch were computed with the parameters from its start",
        timing="stale",
    ),
    _slip(
        "wrong-update", "there was one update an epoch, with the gradient of its last batch", timing="last"
    ),
    _slip(
        "wrong-update",
        "there was one update an epoch, with the sum of its batches' gradients",
        timing="gather",
    ),
    _slip(
        "wrong-update",
        "w was updated first, and the gradient of b was then computed with the new w",
        timing="w-first",
    ),
    _slip(
        "wrong-update",
        "b was updated first, and the gradient of w was then computed with the new b",
        timing="b-first",
    ),
    _slip("wrong-update", "every update was made twice", factor_w=4.0, factor_b=4.0),
)
"""In the order in which they are tried; where two come to the same, the first is told."""


def pairs() -> Iterator[tuple[Slip, Slip]]:
    """Two slips that change different things."""
    for number, one in enumerate(SLIPS):
        for two in SLIPS[number + 1 :]:
            if not {name for name, _ in one.changes} & {name for name, _ in two.changes}:
                yield one, two
