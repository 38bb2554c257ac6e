"""The report as Gradescope's results.json: one test a requirement, the findings as text.

https://gradescope-autograders.readthedocs.io/en/latest/specs/
Where nobody has decided yet there is no score at all, so that our failure never looks like a zero.  Points
that could not be checked leave both sides of a score; Gradescope knows only its assignment's total, so the
share that was reached is given of all points.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from grader.gradebook import slugs_of
from grader.models import verification_of
from grader.render.clean import one_line
from grader.render.plain import finding_text, row_text, verdict_text
from grader.render.words import STATUSES, facts, measured, reason_of, verification

if TYPE_CHECKING:
    from grader.models import Report, RequirementResult
    from grader.render.registry import Canvas

UNDECIDED = {
    "needs_person": "A person has to decide the points of this submission; until then there is no score.",
    "grader_error": "The grader failed, which says nothing about the file: there is no score, and a person decides.",
}


def render(report: Report, canvas: Canvas) -> str:
    """The report as Gradescope's JSON."""
    return json.dumps(_results(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _results(report: Report) -> dict[str, Any]:
    points = _of_all(report)
    scored = points is not None
    results: dict[str, Any] = {"score": points} if scored else {}
    return results | {
        "execution_time": report.seconds if math.isfinite(report.seconds) else 0.0,
        "output": _output(report, scored),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "tests": [
            _test(index, row, report, scored) for index, row in enumerate(report.requirements, start=1)
        ],
        "extra_data": {
            "report_id": one_line(report.report_id),
            "outcome": report.outcome,
            "findings": [one_line(slug) for slug in slugs_of(report)],
            "max": report.score.max if math.isfinite(report.score.max) else None,
            "overridden": report.override is not None,
            "verification": verification_of(report),
        },
    }


def _of_all(report: Report) -> float | None:
    """The points reached, on the scale of the whole rubric; None where there are none."""
    points, most = report.score.points, report.score.max
    if points is None or not math.isfinite(points):
        return None
    full = sum(row.max for row in report.requirements)  # not fsum, which raises where a sum overflows
    if not 0 < most < full or not math.isfinite(full):  # false for nan as well
        return points
    share = round(points / most * full, 2)
    return share if math.isfinite(share) else points


def _output(report: Report, scored: bool) -> str:
    """The verdict, what belongs to no requirement, and where it ran."""
    told = {slug for row in report.requirements for slug in row.findings}
    parts = [verdict_text(report)]
    if not scored:
        parts.append(UNDECIDED.get(report.outcome, UNDECIDED["needs_person"]))
    parts += [finding_text(finding) for finding in report.findings if finding.slug not in told]
    return "\n\n".join(
        part for part in [*parts, measured(report), verification(report), facts(report)] if part
    )


def _test(index: int, row: RequirementResult, report: Report, scored: bool) -> dict[str, Any]:
    test: dict[str, Any] = {"name": one_line(row.title), "number": str(index), "visibility": "visible"}
    if row.status == "could-not-check":
        return test | {"output": reason_of(row) or STATUSES[row.status]}
    test["status"] = row.status
    if scored and row.points is not None and math.isfinite(row.points) and math.isfinite(row.max):
        test |= {"score": row.points, "max_score": row.max}
    return test | {"output": row_text(row, report)}
