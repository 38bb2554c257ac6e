"""Notes about a database itself: which exercise a batch's folder belongs to, who is in the class."""

from __future__ import annotations

from sqlalchemy import Connection, select

from grader.store.schema import metronome


def note(connection: Connection, key: str) -> str | None:
    """The note under `key`, or None."""
    return connection.execute(select(metronome.c.value).where(metronome.c.key == key)).scalar()


def write_note(connection: Connection, key: str, value: str) -> None:
    """Write or replace a note."""
    connection.execute(metronome.delete().where(metronome.c.key == key))
    connection.execute(metronome.insert().values(key=key, value=value))
