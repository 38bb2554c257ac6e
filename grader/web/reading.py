"""What is known of a submission: its place in the queue, and its report."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from grader.models import Report
from grader.store import jobs, results
from grader.store.database import Database
from grader.store.submissions import QUEUED, Stored, newest
from grader.web.answers import Refusal
from grader.web.deliveries import ID_PATTERN


class Status(BaseModel):
    """A submission's newest revision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    submission_id: str
    student_id: str
    exercise: str
    filename: str
    revision: int = Field(description="1 for the first file under this id.")
    status: Literal["queued", "running", "done", "withdrawn"]
    ahead: int = Field(description="How many jobs are before it while it is queued.")
    report: Report | None = Field(
        description="Null until the first grading is done; while it is graded again, the report before."
    )
    received_at: str = Field(description="UTC, ISO 8601.")


class Found(NamedTuple):
    """A submission with what is known of it."""

    stored: Stored
    ahead: int
    report: Report | None


def find(database: Database, external_id: str) -> Found:
    """The newest revision of a submission.  Raises Refusal with status 404, and StoreError."""
    if not re.fullmatch(ID_PATTERN, external_id):  # some databases choke on what cannot be an id
        raise Refusal(404, "There is no such submission.")
    with database.read() as connection:
        stored = newest(connection, external_id)
        if stored is None:
            raise Refusal(404, "There is no such submission.")
        ahead = jobs.ahead(connection, stored) if stored.state == QUEUED else 0
        return Found(stored, ahead, results.report_of(connection, stored.id))


def status_of(found: Found) -> dict[str, object]:
    """The JSON form of `Status`."""
    stored = found.stored
    return {
        "submission_id": stored.external_id,
        "student_id": stored.submission.student,
        "exercise": stored.submission.exercise,
        "filename": stored.submission.filename,
        "revision": stored.revision,
        "status": stored.state,
        "ahead": found.ahead,
        "report": found.report.model_dump(mode="json") if found.report else None,
        "received_at": datetime.fromtimestamp(stored.received_at, UTC).isoformat(timespec="seconds"),
    }
