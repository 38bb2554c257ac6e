"""Runs of one submission: in a sandbox, then executed again by the examiner, and what may be believed of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from grader import gate
from grader.challenge import Challenge
from grader.errors import GateError
from grader.examine import Prepared
from grader.exercise import Exercise
from grader.launch.base import Job, Limits, Outcome
from grader.launch.drive import run_job
from grader.launch.lines import Lines
from grader.logits import Logits, hidden_inputs
from grader.models import Submission, Verification
from grader.verify import Replayed, reaches, replay, told, transfers, untold
from sandbox import trace

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ran:
    """A run that is to be judged: what the host saw, its records or why they were refused, how far it is verified.

    `logits` are what a model of the file's own architecture gives for the hidden inputs.
    """

    outcome: Outcome
    records: tuple[trace.Record, ...]
    refused: str = ""
    verification: Verification | None = None
    logits: Logits | None = None


@dataclass
class Runs:
    """Runs of one submission on one challenge; `tracing` once one had to be traced, as all others then have."""

    submission: Submission
    exercise: Exercise
    lines: Lines
    limits: Limits
    challenge: Challenge
    prepared: Prepared
    progress: Say
    verify: bool = False
    tracing: bool = False

    def run(self, doing: str, parameters: Mapping[str, float | int | str] = MappingProxyType({})) -> Ran:
        """Run the file under spies and verify what is claimed; `parameters` change some of the challenge's.

        A run that cannot be done again as it was told, as it may say itself, is run once more with every operation
        traced.
        """
        self.progress(doing)
        if self.verify and self.tracing:
            traced, job = self._once(parameters, traced=True)
            replayed = self._replayed(traced, job) if self.complete(traced) else None
            if replayed is not None and replayed.status == "equal":
                return self._judged(traced, job, replayed, parameters)
        first, job = self._once(parameters, traced=False)
        if not self.verify:
            return first
        if not self.complete(first):
            return _unproved(first, "its record does not say that it ran to its end")
        if (how := self._way()) is not None:
            return replace(first, verification=how)
        self.progress("verifying it")
        replayed = None if untold(first.records) else self._replayed(first, job)
        if replayed is None or replayed.status != "equal":
            self.progress("running it once more, to see every operation")
            second, job = self._once(parameters, traced=True)
            if not self.complete(second):
                return _unproved(first, "with every operation traced, the run did not end as it had before")
            replayed = self._replayed(second, job)
            self.tracing = replayed.status == "equal"
            first = second if replayed.status != "unknown" else first
        if replayed.status != "equal":
            return replace(first, verification=told(replayed))
        return self._judged(first, job, replayed, parameters)

    def _judged(
        self, ran: Ran, job: Job, replayed: Replayed, parameters: Mapping[str, float | int | str]
    ) -> Ran:
        """A run that came to the same once more, as it is to be judged."""
        judged = replace(ran, records=replayed.records, verification=told(replayed), logits=replayed.logits)
        # Only the weights of the run as the exercise has it are measured, so only they have to transfer.
        own = replayed.by_hand or bool(job.fields["traced"])
        own = own or reaches(self.lines, self.exercise, self.prepared, replayed.logits)
        if own and not parameters and not self._transfers(ran, job):
            return _unproved(judged, "on other data the same operations do not train")
        return judged

    def _transfers(self, ran: Ran, job: Job) -> bool:
        return transfers(
            self.lines,
            self.exercise,
            self.challenge,
            job.fields,
            ran.records,
            ran.outcome.seconds,
            weights=ran.outcome.weights,
        )

    def _way(self) -> Verification | None:
        """How a run is verified that is not to be replayed; None where it is."""
        exercise = self.exercise
        way = exercise.verify or ("replay" if exercise.graded else "answers" if exercise.judge else "none")
        if way == "replay":
            return None
        if way == "answers":
            return Verification(status="verified", method="answers")
        reason = "the exercise says nothing of how a run could be verified"
        return Verification(status="observed", method="none", reason=reason)

    def _once(self, parameters: Mapping[str, float | int | str], *, traced: bool) -> tuple[Ran, Job]:
        job = job_of(
            self.submission,
            self.exercise,
            self.challenge,
            self.prepared,
            parameters,
            traced=traced,
            program=self.verify,
        )
        outcome = run(job, self.exercise, self.lines, self.limits)
        refused, records = gated(outcome)
        return Ran(outcome, records, refused), job

    def _replayed(self, ran: Ran, job: Job) -> Replayed:
        own = self.exercise.own is not None and job.fields["parameters"] == self.prepared.parameters
        unseen = hidden_inputs(self.lines, self.exercise, self.prepared.hidden) if own else b""
        return replay(
            self.lines,
            self.exercise,
            job.fields,
            self.prepared,
            ran.records,
            ran.outcome.weights,
            ran.outcome.seconds,
            self.challenge.torch_seed("looks"),
            unseen,
        )

    @staticmethod
    def complete(ran: Ran) -> bool:
        """Whether the file ran to its end, and left a record of it."""
        ends = [record for record in ran.records if isinstance(record, trace.End)]
        stopped = any(isinstance(record, trace.Stop) for record in ran.records)
        return not ran.refused and not stopped and bool(ends) and ends[-1].finished


def _unproved(ran: Ran, reason: str) -> Ran:
    """A run that can fail, but not pass on its own word."""
    return replace(ran, verification=Verification(status="observed", method="replay", reason=reason))


def job_of(
    submission: Submission,
    exercise: Exercise,
    challenge: Challenge,
    prepared: Prepared,
    parameters: Mapping[str, float | int | str] = MappingProxyType({}),
    *,
    traced: bool = False,
    program: bool = True,
) -> Job:
    """What a sandbox is given; `parameters` change some of the challenge's.

    `program`: each step's operations are told, so that they can be executed again; `traced`: all of torch's.
    """
    return Job(
        files={
            "loop.py": submission.source,
            "exercise/model.py": (exercise.folder / "model.py").read_bytes(),
            **{f"exercise/data/{name}": content for name, content in prepared.training.items()},
        },
        fields={
            "entry": exercise.entry,
            "name": exercise.function or "",
            "defines": exercise.defines,
            "filename": "loop.py",
            "seeds": {purpose: challenge.torch_seed(purpose) for purpose in ("init", "order", "dropout")},
            "parameters": {**prepared.parameters, **parameters},
            "shapes": exercise.shapes,
            "own": exercise.own,
            "spies": True,
            "traced": traced,
            "program": program,
        },
    )


def run(job: Job, exercise: Exercise, lines: Lines, limits: Limits) -> Outcome:
    """Run the student's file in a sandbox, under spies."""
    outcome = None
    try:
        outcome = run_job(lines.sandbox(exercise, limits), job, limits)
    finally:
        lines.job_done(outcome)
    return outcome


def gated(outcome: Outcome) -> tuple[str, tuple[trace.Record, ...]]:
    """The trace's records, or why they were refused."""
    if outcome.broken:
        return outcome.broken, ()
    try:
        return "", gate.check_trace(outcome.trace)
    except GateError as error:
        return str(error), ()
