"""The registry of checks: one function a slug, from evidence to a verdict, and the one place that runs them.

A check is pure: it gets the `Facts` of a run and returns `Clear()`, `Unknown(reason)` or `Found(…)`.
What a finding is called, how grave it is, why it matters and how it is mended stands in the catalogue.
The registry decides the basis; checks never do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar

from grader.catalogue import CATALOGUE
from grader.checks.ledger import read_ledger
from grader.checks.steps import Ledger
from grader.exercise import Exercise
from grader.models import Basis, CheckResult, Evidence, Finding, Judged, Measurement, Place
from sandbox import trace

R = TypeVar("R", bound=trace.Record)


@dataclass(frozen=True)
class Clear:
    """Nothing wrong."""


@dataclass(frozen=True)
class Unknown:
    """The evidence does not tell; `reason` is a clause a student can read."""

    reason: str


@dataclass(frozen=True)
class Found:
    """Something is wrong: the sentence that proves it, its numbers, and the lines (0s are left out)."""

    evidence: str
    lines: tuple[int, ...] = ()
    numbers: dict[str, float | int | str] = field(default_factory=dict)


Verdict = Clear | Unknown | Found


class Facts:
    """What checks look at: the evidence, and what several of them need from it, computed once."""

    def __init__(self, evidence: Evidence, exercise: Exercise) -> None:
        self.evidence = evidence
        self.exercise = exercise

    def asks(self, slug: str) -> bool:
        """Whether the exercise's rubric names a slug."""
        return any(slug in requirement.findings for requirement in self.exercise.requirement)

    def of(self, kind: type[R]) -> list[R]:
        """All records of a kind."""
        return self.evidence.of(kind)

    def last(self, kind: type[R]) -> R | None:
        """The last record of a kind."""
        found = self.evidence.of(kind)
        return found[-1] if found else None

    @cached_property
    def ledger(self) -> Ledger:
        """Which backward fed which step."""
        return read_ledger(self.evidence.records)

    @cached_property
    def fed(self) -> set[int]:
        """The parameters that ever received a gradient; other leaves of the graphs do not count."""
        owned = {param.id for param in self.of(trace.Param) if param.owned}
        return self.ledger.fed & owned

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each beat happened."""
        end = self.last(trace.End)
        progress = self.last(trace.Progress)
        return end.counts if end is not None else (progress.counts if progress is not None else {})

    def count(self, beats: str) -> int:
        """How often any of these beats happened."""
        return sum(self.counts.get(beat, 0) for beat in beats)

    @cached_property
    def moved(self) -> bool:
        """Whether the graded parameters' values ever changed."""
        end = self.last(trace.End)
        return bool(self.ledger.moved) or (end is not None and end.moved)

    @property
    def good(self) -> bool:
        """Whether the hidden test was passed."""
        measured = self.evidence.measurement
        return measured is not None and reaches(measured)

    def line_of(self, beat: str) -> int:
        """The student's line of a beat in the commonest pattern that has it."""
        times = self.pattern_times
        best = (0, 0)
        for pattern in self.of(trace.Pattern):
            for name, line in zip(pattern.beats, pattern.lines, strict=False):
                if name == beat and line and times.get(pattern.id, 1) > best[0]:
                    best = (times.get(pattern.id, 1), line)
        return best[1]

    @cached_property
    def pattern_times(self) -> dict[int, int]:
        """How often each pattern came."""
        order = self.last(trace.Order)
        totals: dict[int, int] = {}

        def add(items: list[object], factor: int, depth: int) -> None:
            for item in items:
                if not (isinstance(item, list) and len(item) == 2 and isinstance(item[1], int)) or depth > 40:
                    continue
                what, times = item
                if isinstance(what, int):
                    totals[what] = totals.get(what, 0) + factor * times
                elif isinstance(what, list):
                    add(what, factor * times, depth + 1)

        if order is not None:
            add(order.items, 1, 0)
        return totals

    @property
    def samples(self) -> int:
        """How many training rows there are; 0 when unknown."""
        value = self.evidence.parameters.get("samples", 0)
        return int(value) if isinstance(value, (int, float)) else 0

    @property
    def epochs(self) -> float:
        """How many epochs were asked for; 0 when it is free."""
        value = self.evidence.parameters.get("epochs", self.exercise.expect.epochs or 0)
        return float(value) if isinstance(value, (int, float)) else 0.0


def reaches(measured: Measurement) -> bool:
    """Whether a measured value reaches its threshold; nan and nothing never do."""
    if measured.value is None:
        return False
    if measured.better == "higher":
        return measured.value >= measured.threshold
    return measured.value <= measured.threshold


Check = Callable[[Facts], Verdict]
HABITS = frozenset(
    (
        "best-weights-aliased",
        "checkpoint-incomplete",
        "eval-builds-graph",
        "graph-leak",
        "held-out-shuffled",
        "sync-every-step",
    )
)
"""Slugs of what leaves no mark on any number: no replay can prove them."""
CHECKS: dict[str, Check] = {}


def check(slug: str) -> Callable[[Check], Check]:
    """Register a function as the check for a slug of the catalogue."""

    def register(function: Check) -> Check:
        if slug not in CATALOGUE:
            raise KeyError(f"{slug} is not in the catalogue")
        CHECKS[slug] = function
        return function

    return register


def run_checks(evidence: Evidence, exercise: Exercise) -> dict[str, CheckResult]:
    """The result of everything that the exercise's rubric and notes name, by slug or slug@function."""
    from grader.checks import (  # noqa: F401 - they register
        averaging,
        beats,
        clipping,
        coverage,
        curves,
        feeding,
        gathering,
        heldout,
        losses,
        membership,
        modes,
        objectives,
        optimizers,
        prepared,
        scaling,
        schedules,
        stopping,
        updates,
    )

    facts = Facts(evidence, exercise)
    wanted = {
        key: (slug, requirement.function)
        for requirement in exercise.requirement
        for slug, key in zip(requirement.findings, requirement.keys, strict=True)
    }
    wanted |= {slug: (slug, "") for slug in exercise.notes if slug not in wanted}
    return {key: _run(slug, function, facts) for key, (slug, function) in wanted.items()}


def merged(one: CheckResult, two: CheckResult) -> CheckResult:
    """Two runs' results for the same slug: found in either is found, and clear only in both is clear."""
    rank = {"found": 0, "unknown": 1, "clear": 2}
    return min(one, two, key=lambda result: rank[result.status])


def _run(slug: str, about: str, facts: Facts) -> CheckResult:
    """The result for one slug; `about` names the student's function it must be about ("": any)."""
    judged = facts.evidence.judged
    if item := _judged(slug, about, judged or ()):
        return _from_examiner(item, facts)
    function = CHECKS.get(slug)
    if function is None and judged is not None:
        return CheckResult(slug=slug, status="clear")
    if function is None:
        return CheckResult(slug=slug, status="unknown", reason="this version has no check for it")
    try:
        verdict = function(facts)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # A trace that our own child would not write, or a mistake of ours: either way not the student's.
        return CheckResult(slug=slug, status="unknown", reason=f"our check failed ({type(error).__name__})")
    if isinstance(verdict, Clear):
        return CheckResult(slug=slug, status="clear")
    if isinstance(verdict, Unknown):
        return CheckResult(slug=slug, status="unknown", reason=verdict.reason)
    end = facts.last(trace.End)
    if end is not None and end.failures and slug != "accuracy-below-threshold":
        return CheckResult(slug=slug, status="unknown", reason="our own instruments failed during the run")
    basis = _basis(slug, facts.evidence)
    return CheckResult(slug=slug, status="found", finding=finding(slug, verdict, facts.evidence, basis))


def _basis(slug: str, evidence: Evidence) -> Basis:
    """What a check's finding rests on: the hidden test, a replay, or the spies' word.

    Answers that were computed anew say nothing of what the spies saw beside them, and no replay shows a habit.
    """
    measured, verified = evidence.measurement, evidence.verification
    if slug == "accuracy-below-threshold" and measured is not None:
        return measured.basis
    if verified is not None and verified.method == "replay" and slug not in HABITS:
        return verified.status
    return "observed"


def _judged(slug: str, about: str, judged: tuple[Judged, ...]) -> Judged | None:
    """The gravest of what the examiner says about a slug (and a function)."""
    rank = {"found": 0, "unknown": 1, "clear": 2}
    items = [item for item in judged if item.slug == slug and about in ("", item.function)]
    return min(items, key=lambda item: rank[item.status], default=None)


def _from_examiner(item: Judged, facts: Facts) -> CheckResult:
    if item.status != "found":
        return CheckResult(slug=item.slug, status=item.status, reason=item.reason)
    lines = {record.name: record.line for record in facts.of(trace.Function)}
    only = next(iter(lines.values())) if len(lines) == 1 else 0  # a part of the one thing that is defined
    found = Found(item.evidence, (lines.get(item.function, only),), dict(item.numbers))
    basis = facts.evidence.judged_basis
    return CheckResult(
        slug=item.slug, status="found", finding=finding(item.slug, found, facts.evidence, basis)
    )


def finding(slug: str, found: Found, evidence: Evidence, basis: Basis = "observed") -> Finding:
    """A finding from what a check found and what the catalogue says of its slug."""
    entry = CATALOGUE[slug]
    severity: Literal["error", "warning", "note"] = entry.severity
    return Finding(
        slug=slug,
        severity=severity,
        title=entry.title,
        evidence=found.evidence,
        where=places(found.lines, evidence),
        why=entry.why,
        fix=entry.fix,
        basis=basis,
        numbers=dict(found.numbers),
    )


def places(lines: Iterable[int], evidence: Evidence) -> tuple[Place, ...]:
    """Lines of the student's file, each once, in order, those outside the file left out."""
    inside = sorted({line for line in lines if 1 <= line <= len(evidence.source)})
    return tuple(Place(line=line, code=evidence.source[line - 1].rstrip()[:400]) for line in inside)
