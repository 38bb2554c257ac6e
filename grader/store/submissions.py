"""Submissions: files as they were handed in, each with its job."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, select

from grader.models import Submission
from grader.store.schema import jobs, submissions

QUEUED, RUNNING, DONE, WITHDRAWN = "queued", "running", "done", "withdrawn"


@dataclass(frozen=True)
class HandedIn:
    """A submission to be kept.  `external_id` is its sender's name for it, `problem` why it cannot be run."""

    external_id: str
    submission: Submission
    problem: str = ""
    callback: str | None = None


@dataclass(frozen=True)
class Stored:
    """A submission that is kept: its number, revision and file, and the state and key of its job."""

    id: int
    external_id: str
    revision: int
    submission: Submission
    problem: str
    callback: str | None
    job_id: int
    state: str
    key: str
    gradings: int
    received_at: float

    @classmethod
    def of(cls, row: Row[tuple[object, ...]]) -> Stored:
        """From a row of COLUMNS."""
        got = row._mapping
        return cls(
            id=got["id"],
            external_id=got["external_id"],
            revision=got["revision"],
            submission=Submission(
                filename=got["filename"],
                source=bytes(got["source"]),
                exercise=got["exercise"],
                student=got["student"],
            ),
            problem=got["problem"],
            callback=got["callback"],
            job_id=got["job_id"],
            state=got["state"],
            key=got["key"],
            gradings=got["gradings"],
            received_at=got["received_at"],
        )


COLUMNS = (
    *submissions.c,
    jobs.c.id.label("job_id"),
    jobs.c.state,
    jobs.c.key,
    jobs.c.gradings,
)
STORED = select(*COLUMNS).join_from(submissions, jobs)
"""Selects what `Stored.of` reads."""


def job_key(sha256: str, student: str, exercise: str, version: int, digest: str) -> str:
    """What a result rests on, as 64 hex digits: file, student, exercise and its version, and what graded it.

    `digest` is the launcher's, over image and code.
    """
    fields = (sha256, student, exercise, str(version), digest)
    raw = b"".join(len(field.encode()).to_bytes(8) + field.encode() for field in fields)
    return hashlib.sha256(raw).hexdigest()


def newest(connection: Connection, external_id: str) -> Stored | None:
    """The newest revision of a submission, or None."""
    query = STORED.where(submissions.c.external_id == external_id)
    row = connection.execute(query.order_by(submissions.c.revision.desc()).limit(1)).first()
    return Stored.of(row) if row else None


def by_number(connection: Connection, number: int) -> Stored | None:
    """The submission of that number (`Stored.id`), or None."""
    row = connection.execute(STORED.where(submissions.c.id == number)).first()
    return Stored.of(row) if row else None


def any_kept(connection: Connection) -> bool:
    """Whether there is any submission at all."""
    return connection.execute(select(submissions.c.id).limit(1)).first() is not None


def keep(connection: Connection, handed_in: HandedIn, key: str) -> Stored:
    """Keep a submission and queue its job, unless the newest revision is the very same.

    Another file (or another student, exercise or callback) under the same id is a new revision; what
    still waited to be graded of an older one is withdrawn.
    """
    _alone(connection, handed_in.external_id)
    before = newest(connection, handed_in.external_id)
    if before is not None and _same(before, handed_in):
        return before
    if before is not None:
        connection.execute(
            jobs.update()
            .where(jobs.c.submission_id == before.id, jobs.c.state == QUEUED)
            .values(state=WITHDRAWN)
        )
    number = _insert(connection, handed_in, 1 if before is None else before.revision + 1)
    connection.execute(
        jobs.insert().values(
            submission_id=number,
            key=key,
            state=QUEUED,
            not_before=0.0,
            failures=0,
            gradings=0,
            queued_at=time.time(),
        )
    )
    stored = by_number(connection, number)
    assert stored is not None
    return stored


def _alone(connection: Connection, external_id: str) -> None:
    """Wait, in PostgreSQL, for others who keep revisions of that submission; SQLite's writers come alone."""
    if connection.dialect.name == "postgresql":
        lock = int.from_bytes(hashlib.sha256(external_id.encode()).digest()[:8], signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(lock)))


def _same(before: Stored, handed_in: HandedIn) -> bool:
    return (before.submission, before.problem, before.callback) == (
        handed_in.submission,
        handed_in.problem,
        handed_in.callback,
    )


def _insert(connection: Connection, handed_in: HandedIn, revision: int) -> int:
    file = handed_in.submission
    made = connection.execute(
        submissions.insert().values(
            external_id=handed_in.external_id,
            revision=revision,
            student=file.student,
            exercise=file.exercise,
            filename=file.filename,
            source=file.source,
            sha256=file.sha256,
            problem=handed_in.problem,
            callback=handed_in.callback,
            received_at=time.time(),
        )
    )
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])
