"""Runs killed and resumed from outside: what proves that a file goes on from nothing but what it saved.

Legs of one training are run one after another, each by a user of its own, with no more of those before it than the
files that they left:

    begun    begins, and is killed inside an epoch
    cut      goes on, and is ended by the kernel in the midst of its first long write
    resumed  goes on to the end
    over     is run when all is done

The order of the samples comes from here, batch by batch (see sandbox.asking): a leg is killed in place of an answer,
so it cannot know when.  The first two are never told what comes after that, and the later ones get another order for
epochs that lie behind them.  No leg could train everything by itself: weights that are those of the run that went
through have come from the files.  Nothing that a leg says of itself is believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader import gate
from grader.errors import ExaminerError, GateError, SandboxBroken
from grader.exercise import Exercise
from grader.judging import our_failure
from grader.launch.base import Job, Outcome
from grader.launch.drive import ask_examiner, run_job
from grader.launch.pool import EXAMINER_LIMITS
from grader.models import CheckResult, Verification
from grader.runs import Runs, gated, job_of

SAME = 1e-5  # relative: a file of text may round
EARLIEST = 2  # epochs that are done when the first leg is killed
MOST_ASKED = 50  # times as often as there are batches
PLACE = "legs"  # the folder's name, the same for all legs: a file may hold paths

Orders = list[list[list[int]]]


@dataclass
class Stretch:
    """What one leg is told of the orders by epoch and batch: the right one from epoch `first` on, before it another.

    It is killed where it asks for `until` or what comes behind; `reached` is the last epoch that it asked for.
    """

    right: Orders
    other: Orders
    first: int = 0
    until: tuple[int, int] | None = None
    reached: int = 0
    asked: int = field(default=0, init=False)

    def answer(self, question: bytes) -> bytes | None:
        """The samples of a batch as JSON; None ends the leg."""
        self.asked += 1
        place = _place(question)
        if place is None or self.asked > MOST_ASKED * len(self.right) * len(self.right[0]):
            return None
        if self.until is not None:
            self.reached = max(self.reached, min(place[0], self.until[0]))
            if place >= self.until:
                return None
        known = self.first <= place[0] < len(self.right)
        epoch = (self.right if known else self.other)[place[0] % len(self.right)]
        return json.dumps(epoch[place[1] % len(epoch)]).encode()


def _place(question: bytes) -> tuple[int, int] | None:
    """The epoch and batch that are asked for; None for anything else."""
    try:
        asked = json.loads(question)
    except (ValueError, RecursionError):
        return None
    if not (isinstance(asked, list) and len(asked) == 2 and all(type(number) is int for number in asked)):
        return None
    return (asked[0], asked[1]) if min(asked) >= 0 else None


@dataclass(frozen=True)
class Resumed:
    """The weights that the last two legs came to, or why the legs came to no end."""

    weights: tuple[bytes, ...] = ()
    reason: str = ""

    def differs(self, weights: bytes, exercise: Exercise) -> str:
        """Why this does not prove that the run with those weights can be killed and resumed; "" when it does."""
        if self.reason:
            return self.reason
        for left, when in zip(self.weights, ("killed", "over"), strict=True):
            if not left:
                return f"run again by us after it was {when}, it came to no end"
            if not _alike(left, weights, exercise.shapes):
                return f"run again by us after it was {when}, with the files it had left, it came to other weights"
        return ""


def _alike(one: bytes, other: bytes, shapes: list[list[int]]) -> bool:
    try:
        pairs = zip(gate.check_weights(one, shapes), gate.check_weights(other, shapes), strict=True)
        gaps = [(float(np.abs(left - right).max()), float(np.abs(right).max())) for left, right in pairs]
    except GateError:
        return False
    return max(gap for gap, _ in gaps) <= SAME * max(size for _, size in gaps)


class _EndedError(Exception):
    """A leg that came to no end after which another could go on; its text says how."""


def resumed(runs: Runs) -> Resumed:
    """Run the legs of a submission one after another.  Raises ExaminerError and SandboxBroken."""
    right, other = (_orders(runs, purpose) for purpose in ("order", "order of what is over"))
    drawn = runs.challenge.torch_seed("killed")
    epoch = EARLIEST + drawn % (len(right) - EARLIEST - 1)
    batch = 1 + drawn // 1000 % (len(right[0]) - 1)
    runs.progress("killing your loop, and running it again")
    try:
        begun = _leg(runs, "init", Stretch(right, other, until=(epoch, batch)), {})
        if not begun.files:
            return Resumed(reason="killed by us, it had left no file")
        behind = Stretch(right, other, epoch - 1, (epoch + 1, batch), epoch)
        cut = _leg(runs, "init cut", behind, begun.files, cut=max(map(len, begun.files.values())) // 2)
        rest = _leg(runs, "init resumed", Stretch(right, other, behind.reached - 1), cut.files)
        over = _leg(runs, "init over", Stretch(right, other, len(right)), rest.files)
    except _EndedError as error:
        return Resumed(reason=str(error))
    return Resumed((rest.weights, over.weights))


def _orders(runs: Runs, purpose: str) -> Orders:
    """The orders by a seed of the challenge, from the exercise's own model.orders."""
    request: dict[str, object] = {
        "op": "orders",
        "exercise": runs.exercise.slug,
        "seed": runs.challenge.torch_seed(purpose),
        "parameters": runs.prepared.parameters,
    }
    _, answer = ask_examiner(runs.lines.examiner(), {}, request, EXAMINER_LIMITS.deadline)
    orders: Any = answer.get("orders")
    if not isinstance(orders, list) or len(orders) < EARLIEST + 2:
        raise ExaminerError("The examiner's answer holds no orders.")
    return orders


def _leg(runs: Runs, init: str, stretch: Stretch, files: Mapping[str, bytes], cut: int = 0) -> Outcome:
    """Run one leg, with the files that the one before it left.  Raises _EndedError and SandboxBroken."""
    job = job_of(runs.submission, runs.exercise, runs.challenge, runs.prepared, program=False)
    seeds = {
        "init": runs.challenge.torch_seed(init),
        "order": runs.challenge.torch_seed("order of nothing"),
        "dropout": runs.challenge.torch_seed("dropout"),
    }
    fields = {"seeds": seeds, "spies": False, "keep": True, "place": PLACE, "cut": cut}
    lines = runs.lines
    line = lines.sandbox(runs.exercise, runs.limits)
    outcome = run_job(line, Job({**job.files, **files}, job.fields | fields), runs.limits, stretch.answer)
    refused, records = gated(outcome)
    if ours := our_failure(outcome, refused, records):
        raise SandboxBroken(ours)
    line.settled()
    remains = outcome.remains or ("" if line.cleared else "something that could not be cleared away")
    if outcome.timed_out or outcome.broken or remains:
        lines.end_sandbox()
        left = f"it left {remains}" if remains and not outcome.timed_out else ""
        raise _EndedError(left or outcome.broken or "killed by us and run again, it did not end in time")
    return outcome


def confirmed(
    verification: Verification | None,
    results: Mapping[str, CheckResult],
    legs: Resumed,
    weights: bytes,
    exercise: Exercise,
) -> Verification | None:
    """A run's verification, with what its legs showed: unverified where it tells nothing wrong, and they do not agree.

    `weights` are those of the run that went through.
    """
    asked = exercise.resumes.findings if exercise.resumes else []
    told = any(result.slug in asked and result.status == "found" for result in results.values())
    if verification is None or verification.status != "verified" or told:
        return verification
    reason = legs.differs(weights, exercise)
    if not reason:
        return verification
    return Verification(
        status="unverified", method=verification.method, steps=verification.steps, reason=reason
    )


def proved(
    results: dict[str, CheckResult], legs: Resumed, weights: bytes, exercise: Exercise
) -> dict[str, CheckResult]:
    """The results, in which a mistake that the run alone tells of, and no leg shows, is only observed."""
    asked = exercise.resumes.findings if exercise.resumes else []
    if legs.differs(weights, exercise):
        return results
    return {key: _observed(result) if result.slug in asked else result for key, result in results.items()}


def _observed(result: CheckResult) -> CheckResult:
    if result.finding is None:
        return result
    finding = result.finding.model_copy(update={"basis": "observed"})
    return CheckResult(slug=result.slug, status=result.status, finding=finding)
