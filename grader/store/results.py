"""Results: the report of a submission, with the newest decision of a person over it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from grader.errors import StoreError
from grader.models import Override, Report, overridden
from grader.store.schema import jobs, overrides, results
from grader.store.submissions import Stored

_CHUNK = 500
"""Databases bound the number of parameters of one query."""


def report_of(connection: Connection, number: int) -> Report | None:
    """The report of a submission (`Stored.id`), overridden where a person decided; None before it is graded.

    While it is graded again, it is the report before.  Raises StoreError when it cannot be read.
    """
    return dict(reports_of(connection, [number])).get(number)


def reports_of(connection: Connection, numbers: Iterable[int]) -> Iterator[tuple[int, Report]]:
    """(number, report) of those of these submissions that have been graded, in no order."""
    wanted = list(numbers)
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        decided = _decisions(connection, chunk)
        query = select(jobs.c.submission_id, results.c.report).join_from(jobs, results)
        for number, text in connection.execute(query.where(jobs.c.submission_id.in_(chunk))):
            report = _read(text)
            yield number, overridden(report, decided[number]) if number in decided else report


def override(connection: Connection, stored: Stored, decision: Override) -> None:
    """Keep a person's decision; it stands until another file is handed in."""
    connection.execute(
        overrides.insert().values(
            submission_id=stored.id,
            points=decision.points,
            passed=decision.passed,
            reason=decision.reason,
            who=decision.who,
            at=datetime.fromisoformat(decision.when).timestamp(),
        )
    )


def decision(points: float, passed: bool, reason: str, who: str) -> Override:
    """An override made now."""
    when = datetime.fromtimestamp(int(time.time()), UTC).isoformat()
    return Override(points=points, passed=passed, reason=reason, who=who, when=when)


def _decisions(connection: Connection, numbers: list[int]) -> dict[int, Override]:
    """The newest override of each submission that has one."""
    query = select(overrides).where(overrides.c.submission_id.in_(numbers)).order_by(overrides.c.id)
    return {
        row.submission_id: Override(
            points=row.points,
            passed=row.passed,
            reason=row.reason,
            who=row.who,
            when=datetime.fromtimestamp(row.at, UTC).isoformat(),
        )
        for row in connection.execute(query)
    }


def _read(text: str) -> Report:
    try:
        return Report.model_validate_json(text)
    except ValueError as error:
        raise StoreError("A stored report cannot be read by this version of Metronome.") from error
