"""The outbox: messages to callbacks, kept in the transaction of what they tell, sent until they are taken.

pending ──taken (2xx)──▶ delivered
   │  └── failed: again later, later each time
   ▼
  dead ──resend──▶ pending        after MOST_ATTEMPTS, or when the endpoint says that it is gone
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select

from grader.models import Report
from grader.store.schema import endpoints, outbox, submissions
from grader.store.submissions import Stored

PENDING, DELIVERED, DEAD = "pending", "delivered", "dead"
MOST_ATTEMPTS = 19
FIRST_DELAY, FACTOR, LONGEST_DELAY = 1.0, 2.0, 86_400.0
"""Seconds until the second attempt, how much longer each next one takes, the longest: 2.5 days in all."""


@dataclass(frozen=True)
class Message:
    """A message under way.  `payload` is what it says, without what depends on when it is sent."""

    id: str
    callback: str
    external_id: str
    payload: dict[str, object]
    attempts: int


@dataclass(frozen=True)
class Letter:
    """What is known of a message, for a person."""

    id: str
    callback: str
    external_id: str
    state: str
    attempts: int
    error: str
    created_at: float


def post(connection: Connection, stored: Stored, report: Report) -> None:
    """Put a report into the outbox of the submission's callback; nothing where it has none.

    It takes the place of older ones that were not taken: told after it, they would be believed.  For the
    same reason a revision that was still being graded when a newer one came is not told.
    """
    if stored.callback is None or _is_outdated(connection, stored):
        return
    connection.execute(outbox.delete().where(_untold(stored)))
    payload = {
        "submission_id": stored.external_id,
        "student_id": stored.submission.student,
        "exercise": stored.submission.exercise,
        "report": json.loads(report.model_dump_json()),  # model_dump would leave NaN, which is no JSON
    }
    now = time.time()
    connection.execute(
        outbox.insert().values(
            id=f"msg_{secrets.token_hex(16)}",
            submission_id=stored.id,
            callback=stored.callback,
            payload=json.dumps(payload),
            state=PENDING,
            attempts=0,
            next_at=now,
            error="",
            created_at=now,
        )
    )


def _is_outdated(connection: Connection, stored: Stored) -> bool:
    """Whether the same callback will hear of a newer revision."""
    newer = and_(
        submissions.c.external_id == stored.external_id,
        submissions.c.revision > stored.revision,
        submissions.c.callback == stored.callback,
    )
    return connection.execute(select(submissions.c.id).where(newer).limit(1)).first() is not None


def _untold(stored: Stored) -> ColumnElement[bool]:
    """Messages on any revision of the submission that its callback has not taken."""
    revisions = select(submissions.c.id).where(submissions.c.external_id == stored.external_id)
    return and_(
        outbox.c.callback == stored.callback,
        outbox.c.state != DELIVERED,
        outbox.c.submission_id.in_(revisions),
    )


def take_due(connection: Connection, limit: int, lease: float, leave: Collection[str] = ()) -> list[Message]:
    """Messages that are due; nobody else gets them for `lease` seconds, after which they are due again.

    Those to the callbacks in `leave` are left for later.
    """
    now = time.time()
    due = (
        select(outbox, submissions.c.external_id)
        .join_from(outbox, submissions)
        .where(outbox.c.state == PENDING, outbox.c.next_at <= now, outbox.c.callback.not_in(leave))
        .order_by(outbox.c.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=outbox)
    )
    rows = connection.execute(due).all()
    taken = [row.id for row in rows]
    connection.execute(outbox.update().where(outbox.c.id.in_(taken)).values(next_at=now + lease))
    return [
        Message(row.id, row.callback, row.external_id, json.loads(row.payload), row.attempts) for row in rows
    ]


def delivered(connection: Connection, message: Message) -> None:
    """The endpoint took it."""
    connection.execute(
        outbox.update()
        .where(outbox.c.id == message.id)
        .values(state=DELIVERED, attempts=message.attempts + 1, delivered_at=time.time(), error="")
    )


def failed(connection: Connection, message: Message, error: str) -> None:
    """It was not taken: it will be sent again later, or is dead after too many attempts."""
    attempts = message.attempts + 1
    dead = attempts >= MOST_ATTEMPTS
    connection.execute(
        outbox.update()
        .where(outbox.c.id == message.id, outbox.c.state == PENDING)
        .values(
            state=DEAD if dead else PENDING,
            attempts=attempts,
            error=error[:500],
            next_at=time.time() + delay(attempts),
        )
    )


def delay(attempts: int) -> float:
    """Seconds to wait after that many failed attempts: exponential, with jitter of a quarter either way."""
    base = min(FIRST_DELAY * FACTOR ** (attempts - 1), LONGEST_DELAY)
    return base * random.uniform(0.75, 1.25)  # noqa: S311 (spreads load; no secret)


def gone(connection: Connection, message: Message) -> None:
    """The endpoint answered 410: it is switched off, and all that waits for it is dead."""
    known = select(endpoints.c.callback).where(endpoints.c.callback == message.callback)
    if connection.execute(known).first() is None:
        connection.execute(endpoints.insert().values(callback=message.callback, gone_at=time.time()))
    bury(connection, message.callback, "the endpoint answered 410 Gone and is switched off")


def bury(connection: Connection, callback: str, error: str) -> None:
    """Make all that waits for a callback dead letters."""
    waiting = and_(outbox.c.callback == callback, outbox.c.state == PENDING)
    connection.execute(outbox.update().where(waiting).values(state=DEAD, error=error))


def switched_off(connection: Connection) -> set[str]:
    """The callbacks whose endpoints are gone."""
    return set(connection.execute(select(endpoints.c.callback)).scalars())


def letters(connection: Connection, states: tuple[str, ...] = (DEAD,), limit: int = 1000) -> list[Letter]:
    """Messages in these states, oldest first."""
    query = (
        select(outbox, submissions.c.external_id)
        .join_from(outbox, submissions)
        .where(outbox.c.state.in_(states))
        .order_by(outbox.c.created_at, outbox.c.id)
        .limit(limit)
    )
    return [
        Letter(row.id, row.callback, row.external_id, row.state, row.attempts, row.error, row.created_at)
        for row in connection.execute(query)
    ]


def resend(connection: Connection, ids: list[str] | None = None) -> int:
    """Make dead letters due again (all of them, or these) and switch their endpoints on; how many."""
    dead = outbox.c.state == DEAD if ids is None else and_(outbox.c.state == DEAD, outbox.c.id.in_(ids))
    callbacks = list(connection.execute(select(outbox.c.callback).where(dead).distinct()).scalars())
    connection.execute(endpoints.delete().where(endpoints.c.callback.in_(callbacks)))
    made = connection.execute(
        outbox.update().where(dead).values(state=PENDING, attempts=0, next_at=time.time())
    )
    return int(made.rowcount)


def counts(connection: Connection) -> dict[str, int]:
    """The number of messages in each state."""
    rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
    return dict(rows.all())
