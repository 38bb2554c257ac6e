"""Enrolling a class: its submissions are kept, and those without a standing result are queued."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from grader.batch.roll import Place, Roll, keep_roll, stems
from grader.catalogue import CATALOGUE
from grader.errors import UsageError
from grader.ingest.classroom import Class, HandIn
from grader.ingest.loop import python_in
from grader.models import Report, Submission
from grader.store import jobs, results, submissions

KeyOf = Callable[[Submission], str]


def check_regrade(regrade: str | None) -> None:
    """Raises UsageError unless it is None, all, failed, or the slug of a finding."""
    if regrade not in (None, "all", "failed") and regrade not in CATALOGUE:
        raise UsageError(
            f"--regrade: there is no finding {regrade!r}; say all, failed, or the slug of a finding."
        )


def enrol(
    connection: Connection, found: Class, slug: str, regrade: str | None, key_of: KeyOf
) -> tuple[Roll, int]:
    """Keep the class's submissions and queue those to be graded; the roll, and how many those are."""
    jobs.release_all(connection)  # the folder is locked: nobody else is there whose jobs they could be
    names = stems(item.student for item in found.submissions)
    places: list[Place] = []
    kept: list[submissions.Stored] = []
    for item in found.submissions:
        stored = _keep(connection, item, slug, key_of)
        kept.append(stored)
        places.append(
            Place(
                student=item.student,
                number=stored.id,
                stem=names[item.student],
                file=item.filename,
                name=item.name,
                id=item.id,
                late=item.late,
                remark=item.remark,
            )
        )
    roll = Roll(
        exercise=slug,
        places=tuple(places),
        unmatched=tuple(found.unmatched),
        absent=tuple(found.absent),
        skipped=tuple(found.skipped),
    )
    again = _to_grade(connection, kept, regrade, key_of)
    jobs.requeue(connection, again)
    jobs.withdraw_others(connection, again)
    keep_roll(connection, roll)
    return roll, len(again)


def _keep(connection: Connection, item: HandIn, slug: str, key_of: KeyOf) -> submissions.Stored:
    source, problem = (item.source, item.problem) if item.problem else python_in(item.filename, item.source)
    file = Submission(filename=item.filename, source=source, exercise=slug, student=item.student)
    handed_in = submissions.HandedIn(external_id=item.student, submission=file, problem=problem)
    return submissions.keep(connection, handed_in, key_of(file))


def _to_grade(
    connection: Connection,
    kept: list[submissions.Stored],
    regrade: str | None,
    key_of: KeyOf,
) -> list[int]:
    """The numbers of the submissions that have no result, an outdated one, or one to be made again."""
    reports = dict(results.reports_of(connection, [stored.id for stored in kept]))
    chosen = []
    for stored in kept:
        key = key_of(stored.submission)
        report = reports.get(stored.id)
        if stored.state != submissions.DONE or stored.key != key or _again(report, regrade):
            jobs.set_key(connection, stored.id, key)
            chosen.append(stored.id)
    return chosen


def _again(report: Report | None, regrade: str | None) -> bool:
    """Whether a result does not stand: none is there, we failed, or it was asked for."""
    if report is None or report.outcome == "grader_error" or regrade == "all":
        return True
    if regrade == "failed":
        return report.passed is False
    return any(item.slug == regrade for item in report.findings)
