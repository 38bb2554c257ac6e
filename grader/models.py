"""The data that flow through a grading: Submission, Stop, Evidence, Finding, Report.

All are frozen.  `Report` is the public one: its JSON form is versioned by `schema_version`.

    1  the first
    2  source, remarks, loss_steps and override came; a report of version 1 still reads
    3  verification came; older reports still read
    4  its counterfactual is an object; reports of versions 1 to 3 still read
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field

from sandbox.trace import Record

SCHEMA_VERSION = 4
R = TypeVar("R", bound=Record)

Severity = Literal["error", "warning", "note"]
Basis = Literal["verified", "observed", "unverified"]
VerificationName = Literal["verified", "observed", "unverified", "none"]
Status = Literal["passed", "failed", "could-not-check"]
OutcomeName = Literal["graded", "student_error", "limit_exceeded", "needs_person", "grader_error"]


class Frozen(BaseModel):
    """Base: immutable, strict about types and unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, ser_json_inf_nan="null")


class Submission(Frozen):
    """A student's file as it was handed in.  `student` is "" where nobody said."""

    filename: str
    source: bytes
    exercise: str
    student: str = ""

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes handed in."""
        return hashlib.sha256(self.source).hexdigest()


class Place(Frozen):
    """A line of the student's file, counted from 1, and its code."""

    line: int
    code: str


class CellPlace(Place):
    """A line of a notebook: `line` counts in the source made from it, `cell` and `cell_line` in the notebook."""

    cell: int
    cell_line: int


class Finding(Frozen):
    """One thing found in a loop: what, the numbers that prove it, where, why it matters, how to mend it."""

    slug: str
    severity: Severity
    title: str
    evidence: str
    where: tuple[CellPlace | Place, ...] = ()
    why: str
    fix: str
    basis: Basis = "observed"
    numbers: dict[str, float | int | str | None] = Field(default_factory=dict)


class CheckResult(Frozen):
    """What one check concluded about one slug: nothing wrong, found, or it could not tell (and why)."""

    slug: str
    status: Literal["clear", "found", "unknown"]
    finding: Finding | None = None
    reason: str = ""


@dataclass(frozen=True)
class Judged:
    """What the examiner concluded about a slug from the values a student's functions returned.

    `function` is the function it is about ("" for the file), `reason` why it could not be told.
    """

    slug: str
    status: Literal["clear", "found", "unknown"]
    function: str = ""
    evidence: str = ""
    reason: str = ""
    numbers: Mapping[str, float | int | str] = dataclasses.field(default_factory=dict)


class RequirementResult(Frozen):
    """One line of the rubric.  `reason` says why it could not be checked, or what it waits for."""

    id: str
    title: str
    status: Status
    points: float | None
    max: float
    required: bool
    reason: str = ""
    findings: tuple[str, ...] = ()


class Score(Frozen):
    """Points reached of `max`; null points where a person has to decide."""

    points: float | None
    max: float


class Measurement(Frozen):
    """The hidden test's number: `value` of `metric` against `threshold`, higher or lower being better."""

    metric: str
    value: float | None
    threshold: float
    better: Literal["higher", "lower"]
    samples: int
    basis: Basis
    reason: str = ""


class Counterfactual(Frozen):
    """The known bug that comes to a run's numbers: its `slug`, and in `text` the clause that says so.

    `slugs` has all whose numbers are these: where there are several, no number tells them apart.  `distance` is 0.0
    for parameters that are equal bit by bit, else the largest relative difference of a returned value.
    """

    slug: str
    slugs: tuple[str, ...]
    text: str
    distance: float


class Verification(Frozen):
    """Whether a process that never ran the student's code, doing what the run says it did, came to the same weights.

    `status`: "verified" (it did), "observed" (it could not be done again, for the `reason`), or "unverified" (it was,
    and came to others).  `method` says how that was tried: "replay", "answers" (all that was handed back was computed
    anew), or "none".  `steps` were executed; `distance` is the largest difference of a weight (0.0: equal bit by bit).
    `counterfactual` is the known bug that comes to the same, where one was looked for and found.
    """

    status: Basis
    method: Literal["replay", "answers", "none"]
    steps: int = 0
    distance: float | None = None
    counterfactual: Counterfactual | None = None
    reason: str = ""


class Beats(Frozen):
    """The beat of the loop: its commonest pattern, e.g. "ZFLBS", and how many steps were seen."""

    pattern: str
    lines: tuple[int, ...]
    steps: int
    epochs: float | None = None


class SandboxFacts(Frozen):
    """Where the code ran: launcher, whether it was isolated from the grader, torch version, seconds."""

    launcher: str
    isolated: bool
    torch: str = ""
    seconds: float = 0.0


class Override(Frozen):
    """A person's decision over a report: points, verdict, why, who, and when (UTC, ISO 8601)."""

    points: float
    passed: bool
    reason: str
    who: str
    when: str


class Report(Frozen):
    """The result of one grading; the contract with everything that reads our JSON.

    `source` is the file as text, of a notebook its code cells; `remarks` say what to know about it.
    `loss_steps` counts, from 1, the backward pass that each of `losses` belongs to (empty in reports of
    version 1).  With an `override`, passed and points are its own.
    """

    schema_version: int = SCHEMA_VERSION
    grader_version: str
    report_id: str
    exercise: str
    exercise_title: str
    exercise_version: int
    filename: str
    sha256: str
    student: str = ""
    outcome: OutcomeName
    passed: bool | None
    score: Score
    summary: str
    findings: tuple[Finding, ...]
    requirements: tuple[RequirementResult, ...]
    measurement: Measurement | None = None
    verification: Verification | None = None
    beats: Beats | None = None
    losses: tuple[float | None, ...] = ()
    loss_steps: tuple[int, ...] = ()
    source: str = ""
    remarks: tuple[str, ...] = ()
    output: str = ""
    output_truncated: bool = False
    sandbox: SandboxFacts | None = None
    seconds: float = 0.0
    override: Override | None = None


def overridden(report: Report, override: Override) -> Report:
    """The report with a person's decision: its points and verdict, on all of the rubric's points.

    What could not be checked is then settled, so `max` is the sum over all requirements again.
    """
    most = math.fsum(row.max for row in report.requirements) or report.score.max
    return report.model_copy(
        update={
            "outcome": "graded",
            "passed": override.passed,
            "score": Score(points=override.points, max=most),
            "summary": f"Settled by a person: {override.points:g} of {most:g} points.",
            "override": override,
        }
    )


@dataclass(frozen=True)
class Evidence:
    """All that the checks may look at: the trace's records, the source lines, how the run ended, the hidden test.

    `stop` is the slug of what ended the run early ("" when it ended by itself), with `stop_text` saying
    how in a sentence.  `measurement` is None where nothing was measured.  `parameters` are the numbers the
    exercise handed in or states for this challenge (epochs, samples, …).  `judged` is what the examiner
    says about returned values; None where the exercise has no judge.  `verification` says whether the
    records are those of a replay.  `untrained` is what a script's own first weights reach.
    """

    records: tuple[Record, ...]
    source: tuple[str, ...]
    stop: str = ""
    stop_text: str = ""
    measurement: Measurement | None = None
    parameters: Mapping[str, float | int | str] = dataclasses.field(default_factory=dict)
    judged: tuple[Judged, ...] | None = None
    judged_basis: Basis = "observed"
    verification: Verification | None = None
    untrained: Measurement | None = None

    def of(self, kind: type[R]) -> list[R]:
        """The records of one kind, in the order they were written."""
        return cast("list[R]", list(self._kinds.get(kind, ())))

    @cached_property
    def _kinds(self) -> dict[type[Record], list[Record]]:
        """The records by kind: checks ask for them some eighty times."""
        kinds: dict[type[Record], list[Record]] = {}
        for record in self.records:
            kinds.setdefault(type(record), []).append(record)
        return kinds

    def code(self, line: int) -> str:
        """The student's source at a line counted from 1; "" outside the file."""
        return self.source[line - 1].strip() if 1 <= line <= len(self.source) else ""


VERIFICATIONS: tuple[VerificationName, ...] = ("verified", "observed", "unverified", "none")
"""What `verification_of` can say, from what is known best to what is not known at all."""


def verification_of(report: Report) -> VerificationName:
    """The status of a report's verification; "none" where there was nothing to verify.

    That is so in local mode (whatever known bug is named there), and where a run stopped early or its record was
    refused.
    """
    isolated = report.sandbox is None or report.sandbox.isolated
    return report.verification.status if report.verification is not None and isolated else "none"


EXIT_CODES: dict[OutcomeName, int] = {
    "graded": 1,
    "student_error": 1,
    "limit_exceeded": 1,
    "needs_person": 4,
    "grader_error": 3,
}


def exit_code(report: Report) -> int:
    """The process exit code for a report: 0 passed, 1 not passed, 3 our failure, 4 needs a person."""
    return 0 if report.passed else EXIT_CODES[report.outcome]
