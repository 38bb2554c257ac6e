"""Brings a database to the schema of this version, and refuses one of a newer version."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, func, inspect, select

from grader.errors import BadDatabase
from grader.store.schema import VERSION, metadata, metronome

KEY = "schema"
LOCK = 0x6D6574726F
"""The advisory lock, in PostgreSQL, of whoever looks for the tables."""
STEPS: dict[int, Callable[[Connection], None]] = {}
"""From each older version to the next; there is none before version 1."""


def migrate(connection: Connection, name: str) -> None:
    """Make the tables where there are none, or take the steps that are missing; `name` is for messages.

    Raises BadDatabase for a newer schema, or a database that holds other tables but none of ours.
    """
    if connection.dialect.name == "postgresql":
        # Two that open a new database at once would both make the tables; SQLite's writers come alone.
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    tables = inspect(connection).get_table_names()
    if metronome.name not in tables:
        if tables:
            raise BadDatabase(f"{name} is not a database of Metronome.")
        metadata.create_all(connection)
        connection.execute(metronome.insert().values(key=KEY, value=str(VERSION)))
        return
    found = connection.execute(select(metronome.c.value).where(metronome.c.key == KEY)).scalar()
    if found is None or not found.isdecimal() or int(found) < 1:
        raise BadDatabase(f"{name} is not a database of Metronome.")
    version = int(found)
    if version > VERSION:
        raise BadDatabase(
            f"{name} has schema {version}, made by a newer Metronome; this one knows schema {VERSION}."
        )
    for step in range(version, VERSION):
        STEPS[step](connection)
    connection.execute(metronome.update().where(metronome.c.key == KEY).values(value=str(VERSION)))
