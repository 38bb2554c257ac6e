"""Scoring: from what the checks concluded to requirements, points and a verdict.  Pure.

A requirement waits for what it `needs`, then is failed by any of its findings, then could not be checked
when one of its checks could not tell; else it is passed.  Points that could not be checked leave both
sides of the score; above a quarter of all points a person has to decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from grader.catalogue import CATALOGUE, CRASH_CAUSES, LIMITS, STUDENT_ERRORS
from grader.exercise import Exercise, Requirement
from grader.models import CheckResult, Finding, OutcomeName, RequirementResult, Score, Status, Verification

STOPS = frozenset((*STUDENT_ERRORS, *LIMITS))
"""What ends a run by the student's own doing."""
MOST_UNCHECKED = 0.25
"""Share of the points that may go unchecked before a person has to decide."""

_ACCURACY = "accuracy-below-threshold"
_RANK = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Scored:
    """A verdict; `findings` are most important first, `requirements` in the rubric's order.

    `passed` and `score.points` are None where a person has to decide.
    """

    outcome: OutcomeName
    passed: bool | None
    score: Score
    requirements: tuple[RequirementResult, ...]
    findings: tuple[Finding, ...]


def score(
    exercise: Exercise,
    results: Mapping[str, CheckResult],
    stop: str = "",
    verification: Verification | None = None,
) -> Scored:
    """Score what the checks found.

    A person decides where a run did not do what it says (`verification`), or would pass on its own word alone.

    `results` are by key (a slug, or slug@function); `stop` is the slug that ended the run early or "".
    A slug of the rubric that has no result was not checked (the stops apart, which then did not happen).
    Raises ValueError when `stop` is not one of STOPS or CRASH_CAUSES, or has no finding.
    """
    if stop:
        return _stopped(exercise, results, stop)
    scored = _graded(exercise, results)
    if verification is None or verification.status == "verified" or verification.method == "none":
        return scored
    if verification.status == "observed" and not scored.passed:
        return scored
    nothing = Score(points=None, max=exercise.max_points)
    return replace(scored, outcome="needs_person", passed=None, score=nothing)


def _stopped(exercise: Exercise, results: Mapping[str, CheckResult], stop: str) -> Scored:
    """The student's code ended its own run: nothing was reached, and only that is reported."""
    finding = results[stop].finding if stop in results else None
    if stop not in {*STOPS, *CRASH_CAUSES} or finding is None:
        raise ValueError(f"{stop!r} is no stop with a finding")
    rows = [
        _row(requirement, "failed", findings=(stop,))
        if stop in requirement.findings
        else _row(requirement, "failed", "not reached")
        for requirement in exercise.requirement
    ]
    return Scored(
        outcome="limit_exceeded" if stop in LIMITS else "student_error",
        passed=False,
        score=Score(points=0.0, max=exercise.max_points),
        requirements=tuple(rows),
        findings=(finding.model_copy(update={"severity": "error"}),),
    )


def _graded(exercise: Exercise, results: Mapping[str, CheckResult]) -> Scored:
    rows: dict[str, RequirementResult] = {}
    for requirement in exercise.requirement:
        rows[requirement.id] = _judge(exercise, requirement, rows, results)
    findings = _findings(exercise, rows, results)
    rows = {key: _explained(row, findings) for key, row in rows.items()}
    unchecked = math.fsum(row.max for row in rows.values() if row.status == "could-not-check")
    person = unchecked > MOST_UNCHECKED * exercise.max_points
    points = math.fsum(row.points or 0.0 for row in rows.values())
    most = math.fsum(row.max for row in rows.values() if row.status != "could-not-check")
    return Scored(
        outcome="needs_person" if person else "graded",
        passed=None if person else _passed(exercise, tuple(rows.values()), points, most),
        score=Score(points=None, max=exercise.max_points) if person else Score(points=points, max=most),
        requirements=tuple(rows.values()),
        findings=findings,
    )


def _judge(
    exercise: Exercise,
    requirement: Requirement,
    before: Mapping[str, RequirementResult],
    results: Mapping[str, CheckResult],
) -> RequirementResult:
    """One line of the rubric, given those before it."""
    needs = [before[name] for name in requirement.needs]
    if failed := [row.title for row in needs if row.status == "failed"]:
        return _row(requirement, "failed", f"waits for: {', '.join(failed)}")
    if unknown := [row.title for row in needs if row.status == "could-not-check"]:
        return _row(requirement, "could-not-check", f"waits for: {', '.join(unknown)}")
    keys = tuple(zip(requirement.findings, requirement.keys, strict=True))
    if found := tuple(slug for slug, key in keys if _costs(exercise, results.get(key))):
        return _row(requirement, "failed", findings=found)
    reasons = (_unknown(slug, key, results) for slug, key in keys if slug not in exercise.notes)
    if open_questions := [reason for reason in dict.fromkeys(reasons) if reason]:
        return _row(requirement, "could-not-check", "; ".join(open_questions))
    return _row(requirement, "passed")


def _costs(exercise: Exercise, result: CheckResult | None) -> bool:
    """Whether a result is a finding that fails its requirement; notes never do."""
    if result is None or result.status != "found" or result.finding is None:
        return False
    return result.finding.severity != "note" and result.slug not in exercise.notes


def _unknown(slug: str, key: str, results: Mapping[str, CheckResult]) -> str:
    """Why a slug could not be told; "" when it could."""
    if key not in results:
        return "" if slug in STOPS else f"{slug} was not checked"
    result = results[key]
    return (result.reason or f"{slug} could not be told") if result.status == "unknown" else ""


def _row(
    requirement: Requirement, status: Status, reason: str = "", findings: tuple[str, ...] = ()
) -> RequirementResult:
    points: dict[Status, float | None] = {
        "passed": requirement.points,
        "failed": 0.0,
        "could-not-check": None,
    }
    return RequirementResult(
        id=requirement.id,
        title=requirement.title,
        status=status,
        points=points[status],
        max=requirement.points,
        required=requirement.required,
        reason=reason,
        findings=findings,
    )


def _findings(
    exercise: Exercise, rows: Mapping[str, RequirementResult], results: Mapping[str, CheckResult]
) -> tuple[Finding, ...]:
    """The findings to report: errors, warnings, notes, each in the rubric's order, once a slug."""
    kept: dict[str, Finding] = {}
    for finding in _kept(exercise, rows, results):
        first = kept.setdefault(finding.slug, finding)
        if _RANK[finding.severity] < _RANK[first.severity]:
            kept[finding.slug] = finding
    accuracy = kept.get(_ACCURACY)
    others = any(_explains(finding) for slug, finding in kept.items() if slug != _ACCURACY)
    if accuracy is not None and others:
        kept[_ACCURACY] = accuracy.model_copy(update={"severity": "note"})
    rubric = [slug for requirement in exercise.requirement for slug in requirement.findings]
    order = [*dict.fromkeys([*rubric, *exercise.notes, *sorted(kept)])]
    return tuple(sorted(kept.values(), key=lambda item: (_RANK[item.severity], order.index(item.slug))))


def _kept(
    exercise: Exercise, rows: Mapping[str, RequirementResult], results: Mapping[str, CheckResult]
) -> Iterator[Finding]:
    """What was found, less what only requirements raise that wait for a failed one.

    Where they wait for one that could not be checked, it is told as a note: it costs nothing.
    """
    for key, result in results.items():
        if result.status != "found" or result.finding is None:
            continue
        slug = result.slug
        owners = [(rows[item.id], item) for item in exercise.requirement if key in item.keys]
        waiting = [row.status for row, item in owners if _waits(item, rows)]
        if owners and len(waiting) == len(owners) and slug not in exercise.notes:
            if "could-not-check" in waiting:
                yield result.finding.model_copy(update={"severity": "note"})
        elif slug in exercise.notes:
            yield result.finding.model_copy(update={"severity": "note"})
        else:
            yield result.finding


def _explains(finding: Finding) -> bool:
    """Whether a finding can be the reason why a model turned out bad."""
    entry = CATALOGUE.get(finding.slug)
    return finding.severity != "note" and (entry is None or entry.explains)


def _waits(requirement: Requirement, rows: Mapping[str, RequirementResult]) -> bool:
    return any(rows[name].status != "passed" for name in requirement.needs)


def _explained(row: RequirementResult, findings: tuple[Finding, ...]) -> RequirementResult:
    """A row failed by nothing but the accuracy that another error explains says so."""
    demoted = any(item.slug == _ACCURACY and item.severity == "note" for item in findings)
    if not demoted or row.findings != (_ACCURACY,):
        return row
    causes = ", ".join(item.slug for item in findings if _explains(item))
    return row.model_copy(update={"reason": f"follows from: {causes}"})


def _passed(exercise: Exercise, rows: tuple[RequirementResult, ...], points: float, most: float) -> bool:
    if any(row.required and row.status != "passed" for row in rows):
        return False
    # The mark is a decimal fraction, so 0.7 of 10 must not miss 7 by a rounding error.
    return most == 0 or points / most >= exercise.pass_mark - 1e-9
