"""A person settles a submission by hand: the decision is kept with who and when, and told everywhere."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from grader.batch.folder import Folder
from grader.batch.outputs import write_all
from grader.errors import UsageError
from grader.exercise import load_exercise
from grader.models import Report, overridden
from grader.render.clean import clean, one_line
from grader.store import outbox, results
from grader.store.database import open_database
from grader.store.submissions import Stored, newest

LONGEST_REASON = 2000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decision:
    """What a person decided.  `passed` None: whether the points reach the exercise's pass mark."""

    points: float
    reason: str
    who: str
    passed: bool | None = None


def settle_in_folder(out: Path, student: str, decision: Decision) -> Report:
    """Settle a student's submission in a batch's output folder, and write its files anew.

    Raises UsageError for an unknown student, points outside the rubric's, or an empty reason.
    """
    with Folder(out, None) as folder:
        with folder.database.write() as connection:
            report = _settle(connection, _known(connection, student), decision)
        if write_all(folder) is None:
            log.warning(
                "The batch was stopped before its end; grades.csv and class.html follow when it has gone on."
            )
    return report


def settle_in_database(database: str, submission_id: str, decision: Decision) -> Report:
    """Settle a submission that came by webhook; its callback, if it has one, is told.

    Raises UsageError as above, and BadDatabase.
    """
    with open_database(database, create=False) as opened, opened.write() as connection:
        stored = _known(connection, submission_id)
        report = _settle(connection, stored, decision)
        outbox.post(connection, stored, report)
    return report


def _known(connection: Connection, external_id: str) -> Stored:
    stored = newest(connection, external_id)
    if stored is None:
        raise UsageError(f"There is no submission of {external_id!r}.")
    return stored


def _settle(connection: Connection, stored: Stored, decision: Decision) -> Report:
    report = results.report_of(connection, stored.id)
    if report is None:
        raise UsageError(f"{stored.external_id!r} has not been graded yet; settle it once it is.")
    most = overridden(report, results.decision(0.0, False, "", "")).score.max
    if not 0 <= decision.points <= most:  # false for nan
        raise UsageError(f"--points: {decision.points:g} is not between 0 and {most:g}.")
    reason = clean(decision.reason).strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise UsageError(f"--reason: give one, of at most {LONGEST_REASON:,} characters.")
    mark = load_exercise(report.exercise).pass_mark
    passed = decision.points >= mark * most - 1e-9 if decision.passed is None else decision.passed
    made = results.decision(decision.points, passed, reason, one_line(decision.who))
    results.override(connection, stored, made)
    return overridden(report, made)
