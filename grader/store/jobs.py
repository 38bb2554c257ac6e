"""Jobs: claimed under a lease, so that a worker that died loses them and nobody does one twice.

queued ──claim──▶ running ──finish──▶ done ──requeue──▶ queued
   ▲                 │
   └──give back, retry, or the lease ran out
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from grader.models import Report
from grader.store.schema import jobs, results, submissions
from grader.store.submissions import DONE, QUEUED, RUNNING, STORED, WITHDRAWN, Stored


@dataclass(frozen=True)
class Claimed:
    """A job that its owner alone may finish while the lease lasts; `failures` counts failed tries before."""

    owner: str
    stored: Stored
    failures: int


def claim(connection: Connection, owner: str, lease: float) -> Claimed | None:
    """Take the job that has waited longest, for `lease` seconds; None when there is none to do now."""
    now = time.time()
    free = or_(
        and_(jobs.c.state == QUEUED, jobs.c.not_before <= now),
        and_(jobs.c.state == RUNNING, jobs.c.lease_until < now),
    )
    chosen = select(jobs.c.id, jobs.c.failures).where(free).order_by(jobs.c.not_before, jobs.c.id).limit(1)
    # Only PostgreSQL has rows to lock; in SQLite the whole transaction already came alone.
    row = connection.execute(chosen.with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    connection.execute(
        jobs.update()
        .where(jobs.c.id == row.id)
        .values(state=RUNNING, owner=owner, lease_until=now + lease, started_at=now)
    )
    stored = connection.execute(STORED.where(jobs.c.id == row.id)).one()
    return Claimed(owner=owner, stored=Stored.of(stored), failures=row.failures)


def renew(connection: Connection, claimed: Claimed, lease: float) -> None:
    """Extend the lease of a job, while it is still its owner's."""
    connection.execute(jobs.update().where(_mine(claimed)).values(lease_until=time.time() + lease))


def finish(connection: Connection, claimed: Claimed, report: Report, key: str) -> bool:
    """Keep the report as the job's result, replacing an older one; False when the job is no longer the owner's.

    `key` says what the report rests on (see `job_key`).
    """
    now = time.time()
    done = connection.execute(
        jobs.update()
        .where(_mine(claimed))
        .values(
            state=DONE,
            owner=None,
            lease_until=None,
            finished_at=now,
            gradings=jobs.c.gradings + 1,
            failures=0,
            key=key,
        )
    )
    if done.rowcount != 1:
        return False
    connection.execute(results.delete().where(results.c.job_id == claimed.stored.job_id))
    connection.execute(
        results.insert().values(
            job_id=claimed.stored.job_id,
            report=report.model_dump_json(),
            outcome=report.outcome,
            passed=report.passed,
            points=report.score.points,
            max=report.score.max,
            seconds=report.seconds,
            graded_at=now,
        )
    )
    return True


def retry(connection: Connection, claimed: Claimed, after: float) -> None:
    """Our failure: put the job back, to be tried again `after` seconds from now at the earliest."""
    connection.execute(
        jobs.update()
        .where(_mine(claimed))
        .values(state=QUEUED, owner=None, failures=jobs.c.failures + 1, not_before=time.time() + after)
    )


def give_back(connection: Connection, claimed: Claimed) -> None:
    """Put a job back as if it had never been claimed."""
    connection.execute(jobs.update().where(_mine(claimed)).values(state=QUEUED, owner=None))


def release_all(connection: Connection) -> None:
    """Put back whatever runs: only for one who knows that no other worker is there."""
    connection.execute(jobs.update().where(jobs.c.state == RUNNING).values(state=QUEUED, owner=None))


def set_key(connection: Connection, number: int, key: str) -> None:
    """What the next result of a submission (`Stored.id`) will rest on."""
    connection.execute(jobs.update().where(jobs.c.submission_id == number).values(key=key))


def requeue(connection: Connection, numbers: Sequence[int]) -> None:
    """Queue the jobs of these submissions (`Stored.id`) again; their results stay until new ones come."""
    chosen = and_(jobs.c.submission_id.in_(numbers), jobs.c.state != RUNNING)
    connection.execute(
        jobs.update().where(chosen).values(state=QUEUED, failures=0, not_before=0.0, queued_at=time.time())
    )


def withdraw_others(connection: Connection, numbers: Sequence[int]) -> None:
    """Withdraw what waits, but for the jobs of these submissions."""
    waiting = and_(jobs.c.state == QUEUED, jobs.c.submission_id.not_in(numbers))
    connection.execute(jobs.update().where(waiting).values(state=WITHDRAWN))


def open_count(connection: Connection) -> int:
    """How many jobs are queued or running."""
    open_ones = jobs.c.state.in_((QUEUED, RUNNING))
    return connection.execute(select(func.count()).where(open_ones)).scalar_one()


def counts(connection: Connection) -> dict[str, int]:
    """The number of jobs in each state."""
    rows = connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))
    return dict(rows.all())


def outcome_counts(connection: Connection) -> dict[str, int]:
    """The number of results with each outcome."""
    rows = connection.execute(select(results.c.outcome, func.count()).group_by(results.c.outcome))
    return dict(rows.all())


def ahead(connection: Connection, stored: Stored) -> int:
    """How many queued jobs came before this one."""
    earlier = and_(jobs.c.state == QUEUED, jobs.c.id < stored.job_id)
    return connection.execute(select(func.count()).select_from(jobs).where(earlier)).scalar_one()


def done_numbers(connection: Connection) -> list[int]:
    """The numbers of the submissions whose jobs are done."""
    return list(connection.execute(select(submissions.c.id).join(jobs).where(jobs.c.state == DONE)).scalars())


def _mine(claimed: Claimed) -> ColumnElement[bool]:
    return and_(jobs.c.id == claimed.stored.job_id, jobs.c.state == RUNNING, jobs.c.owner == claimed.owner)
