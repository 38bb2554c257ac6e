"""Deliveries: the first answer to each webhook id, so that a repeated one gets the same."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Connection, select

from grader.store.schema import deliveries

KEPT_SECONDS = 30 * 86_400.0
"""How long an id is remembered; a signature is only valid for minutes, a sender's retries for days."""


@dataclass(frozen=True)
class Answer:
    """An HTTP status and a JSON body."""

    status: int
    body: str


def first_answer(connection: Connection, webhook_id: str) -> Answer | None:
    """What was answered to that id, or None when it is new."""
    query = select(deliveries.c.status, deliveries.c.answer).where(deliveries.c.webhook_id == webhook_id)
    row = connection.execute(query).first()
    return Answer(row.status, row.answer) if row else None


def remember(connection: Connection, webhook_id: str, answer: Answer) -> None:
    """Keep the answer to a new id.  A concurrent delivery of the same id is a conflict (`is_conflict`)."""
    now = time.time()
    connection.execute(
        deliveries.insert().values(
            webhook_id=webhook_id, status=answer.status, answer=answer.body, received_at=now
        )
    )


def forget_old(connection: Connection) -> None:
    """Remove ids past KEPT_SECONDS."""
    connection.execute(deliveries.delete().where(deliveries.c.received_at < time.time() - KEPT_SECONDS))
