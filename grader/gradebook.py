"""The gradebook of a class: an entry for each student, and what could not be matched."""

from __future__ import annotations

from collections.abc import Mapping

from grader.models import Frozen, OutcomeName, Report, VerificationName

COUNTED = ("error", "warning")
"""Severities that a gradebook lists; notes cost nothing and stay in the report."""


class Entry(Frozen):
    """One student's line.  `findings` are slugs, most important first; `report` is a path below the output folder.

    `points` and `passed` are None where nobody has decided yet; `remark` says why a person has to, or what
    to know about the file that was taken.
    """

    student: str
    name: str = ""
    id: str = ""
    file: str
    outcome: OutcomeName
    passed: bool | None
    points: float | None
    max: float
    findings: tuple[str, ...] = ()
    verification: VerificationName = "none"
    late: bool = False
    overridden: bool = False
    report: str = ""
    remark: str = ""


class Gradebook(Frozen):
    """A class's results for one exercise, in the order of `student`.

    `unmatched` are submissions that no student of the roster could be found for (graded under their own
    name), `absent` the roster's students without a submission, `skipped` files that were left aside and why.
    `titles` maps the slugs that occur to their titles.
    """

    exercise: str
    exercise_title: str
    exercise_version: int
    entries: tuple[Entry, ...]
    unmatched: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    titles: Mapping[str, str] = {}


def slugs_of(report: Report) -> tuple[str, ...]:
    """The slugs of a report's errors and warnings, most important first, each once."""
    return tuple(dict.fromkeys(item.slug for item in report.findings if item.severity in COUNTED))
