"""The tables, in SQLAlchemy Core.  Times are seconds since the epoch, texts UTF-8, reports JSON.

metronome    what the database itself is: its schema's version, what a batch's folder belongs to
submissions  a file as it was handed in; a new file under the same id is a new revision
jobs         the grading of one submission: queued, running under a lease, done, or withdrawn
results      the report of a job that is done; graded again, it is replaced
overrides    what persons decided; the newest of a submission counts
deliveries   the first answer to each webhook id
outbox       messages to callbacks, written in the transaction of what they tell
endpoints    callbacks that answered "gone"
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 1

metadata = MetaData()

metronome = Table(
    "metronome",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("external_id", String(400), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("student", Text, nullable=False),
    Column("exercise", String(100), nullable=False),
    Column("filename", Text, nullable=False),
    Column("source", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("problem", Text, nullable=False),
    Column("callback", String(100)),
    Column("received_at", Float, nullable=False),
    UniqueConstraint("external_id", "revision", name="one_revision"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("submission_id", ForeignKey("submissions.id"), nullable=False, unique=True),
    Column("key", String(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("owner", String(64)),
    Column("lease_until", Float),
    Column("not_before", Float, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("gradings", Integer, nullable=False),
    Column("queued_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Index("jobs_by_state", "state", "not_before"),
)

results = Table(
    "results",
    metadata,
    Column("job_id", ForeignKey("jobs.id"), primary_key=True),
    Column("report", Text, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("passed", Boolean),
    Column("points", Float),
    Column("max", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("graded_at", Float, nullable=False),
)

overrides = Table(
    "overrides",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("submission_id", ForeignKey("submissions.id"), nullable=False, index=True),
    Column("points", Float, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Float, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("webhook_id", String(300), primary_key=True),
    Column("status", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("received_at", Float, nullable=False, index=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("submission_id", ForeignKey("submissions.id"), nullable=False),
    Column("callback", String(100), nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float, nullable=False),
    Column("error", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("delivered_at", Float),
    Index("outbox_by_state", "state", "next_at"),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("callback", String(100), primary_key=True),
    Column("gone_at", Float, nullable=False),
)
