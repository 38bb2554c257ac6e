"""The check of updates that students write themselves: what the parameters did for a gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from grader.checks.optimizers import KNOWN
from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check
from sandbox import trace

Vector = NDArray[np.float64]

ENOUGH = 3  # moves that were seen
ROUNDING = 3e-7  # of a float32 value, relative
PARALLEL = 2e-3
TORCH_OWN = ("maximize", "differentiable", "capturable", "history_size")
"""Settings that torch's own optimizers have and a class written by hand has not."""


@dataclass
class Move:
    """How the values changed after a gradient; `rate` is the r in values - r * gradient, None: no such r."""

    change: Vector
    gradient: Vector
    values: Vector
    parts: dict[int, slice]
    line: int

    @property
    def rate(self) -> float | None:
        """The rate over all coordinates."""
        rate = -float(self.change @ self.gradient) / float(self.gradient @ self.gradient)
        off = np.abs(self.change + rate * self.gradient)
        allowed = PARALLEL * np.abs(self.change).max() + ROUNDING * (np.abs(self.values) + 1e-3)
        return rate if bool((off <= allowed).all()) else None

    def still(self, number: int) -> bool:
        """Whether a parameter with a gradient stayed where it was."""
        part = self.parts[number]
        return bool(self.gradient[part].any()) and not self.change[part].any()


@check("wrong-update")
def wrong_update(facts: Facts) -> Verdict:
    """Updates by hand: with torch.optim, uphill, only some parameters, or no multiple of the gradient."""
    expect = facts.exercise.expect
    if expect.optimizer == "none" and (found := _ready_made(facts)) is not None:
        return found
    if expect.update is None:
        return Clear()
    moves = list(_moves(facts))
    if len(moves) < ENOUGH:
        return Unknown("too few updates of the parameters could be seen") if facts.moved else Clear()
    line = next((move.line for move in moves if move.line), 0)
    rates = [move.rate for move in moves]
    known = [rate for rate in rates if rate is not None]
    if still := [n for n in moves[0].parts if sum(move.still(n) for move in moves) > len(moves) / 2]:
        names = f"{len(still)} of {len(moves[0].parts)}"
        text = f"{names} parameter tensors got a gradient and were not moved by the updates."
        return Found(text, (line,), {"not_moved": len(still)})
    if len(known) <= len(moves) / 2:
        text = (
            f"In {len(moves) - len(known)} of {len(moves)} updates that were watched, what the parameters moved by "
            "is no multiple of their gradients."
        )
        return Found(text, (line,), {"updates": len(moves)})
    return _judge_rate(facts, median(known), line)


def _judge_rate(facts: Facts, used: float, line: int) -> Verdict:
    """A sign or a factor that is a slip in the rule; any other rate is a wrong number."""
    wanted = facts.exercise.expect.lr
    if used < 0:
        text = f"The updates add the gradient (times {-used:.3g}) to the parameters: that is uphill."
        return Found(text, (line,), {"rate": used})
    if not wanted:
        return Clear()
    rows = {row.rows for row in facts.of(trace.Row) if row.beat == "F" and row.rows > 1}
    slips = {2.0: "the update is done twice", 3.0: "the update is done three times"}
    for count in rows:
        slips[1 / count] = (
            f"the gradient is divided by the {count} rows of a batch, and the loss is a mean already"
        )
        slips[float(count)] = f"the gradient is multiplied by the {count} rows of a batch"
    for factor, words in slips.items():
        if abs(used / wanted / factor - 1) < 0.01:
            text = (
                f"The updates moved the parameters by {used:.3g} times the gradient, not {wanted:g}: {words}."
            )
            return Found(text, (line,), {"rate": used, "wanted_rate": wanted})
    return Clear()


def _ready_made(facts: Facts) -> Found | None:
    """An optimizer of torch's that made steps."""
    uses = {use.id: use.steps for use in facts.of(trace.OptimizerUse)}
    for made in facts.of(trace.Optimizer):
        if made.cls in KNOWN and uses.get(made.id) and any(name in made.hyper for name in TORCH_OWN):
            text = (
                f"`torch.optim.{made.cls}` made {uses[made.id]} steps; the exercise asks you to write them."
            )
            return Found(text, (made.line,), {"optimizer": made.cls, "steps": uses[made.id]})
    return None


def _moves(facts: Facts) -> Iterator[Move]:
    """Every change of the values that follows a gradient, window by window."""
    parts: dict[int, slice] = {}
    window = -1
    before: tuple[Vector, Vector, int] | None = None
    by_hand = not any(row.beat == "s" for row in facts.of(trace.Row))
    for record in facts.evidence.records:
        if isinstance(record, trace.Layout):
            parts, before = _parts(record), None
        if not isinstance(record, trace.Row):
            continue
        if record.window != window:
            window, before = record.window, None
        values = _vector(record.params, parts)
        if before is not None and values is not None and (by_hand or record.beat == "S"):
            old, gradient, line = before
            if not np.array_equal(values, old):
                before = None
                if gradient.any() and np.isfinite(values).all() and np.isfinite(gradient).all():
                    yield Move(values - old, gradient, old, parts, line)
        gradient_text = record.after if record.beat in ("B", "A") else record.before
        if record.beat in (("B", "A") if by_hand else ("s",)):
            read = _vector(gradient_text, parts)
            before = (values, read, record.line) if values is not None and read is not None else None


def _parts(layout: trace.Layout) -> dict[int, slice]:
    parts, size = {}, 0
    for number, places in layout.coordinates:
        parts[int(number)] = slice(size, size + len(places))
        size += len(places)
    return parts


def _vector(text: str | None, parts: dict[int, slice]) -> Vector | None:
    if text is None or not parts:
        return None
    values = np.array(trace.unpack_vector(text), dtype=np.float64)
    return values if len(values) == max(part.stop for part in parts.values()) else None
