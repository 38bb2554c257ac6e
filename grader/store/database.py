"""A database, opened: SQLite in a file (WAL) or PostgreSQL by URL, with its errors as sentences."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError

from grader.errors import BadDatabase, StoreError
from grader.store.migrations import migrate

BUSY_SECONDS = 30
"""How long a writer waits for another one in SQLite."""
DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""The names a URL may begin with, and the drivers that are tested."""
_WRITE = "metronome_write"


class Database:
    """An open database; safe to use from several threads.  A context manager that closes it."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self._opened: tuple[int, int] | None = None
        # SQLite's transactions see one state anyway.
        self._reading = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the database.  Raises StoreError."""
        with (
            self._sentences(),
            self.engine.connect().execution_options(**self._reading) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed at the end, or leaves nothing.  Raises StoreError.

        In SQLite writers come one at a time from its very start, so what was read stays true.
        """
        with (
            self._sentences(),
            self.engine.connect().execution_options(**{_WRITE: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def stay(self) -> None:
        """From now on SQLite's file must be the one that it is now.

        Connections that are open go on writing to a file that was removed or replaced, and nobody would
        ever find what they wrote.
        """
        if self.engine.dialect.name == "sqlite":
            self._opened = _identity(self.name)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        if self._opened is not None and self._opened != _identity(self.name):
            raise StoreError(f"The database {self.name} is no longer the file that was opened.")
        try:
            yield
        except SQLAlchemyError as error:
            raise StoreError(f"The database {self.name} failed: {_reason(error)}.") from error
        except UnicodeEncodeError as error:  # a lone surrogate: a driver's own error, or Python's
            raise StoreError(f"The database {self.name} takes no text that is not Unicode.") from error


def is_conflict(error: StoreError) -> bool:
    """Whether two writers wanted the same unique row; the later one may look again and try again."""
    cause = error.__cause__
    return isinstance(cause, IntegrityError) and (
        getattr(cause.orig, "sqlstate", None) == "23505"  # PostgreSQL's unique_violation
        or getattr(cause.orig, "sqlite_errorname", None)
        in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
    )


def open_database(where: str | Path, *, create: bool = True) -> Database:
    """Open a SQLite file (a path) or a database by URL, and bring it to this version's schema.

    Raises BadDatabase when it cannot be opened, is of a newer schema or not ours, or, without `create`,
    is a SQLite file that does not exist.
    """
    url = URL.create("sqlite", database=str(where)) if isinstance(where, Path) else _url(where)
    # Without its options, among which there may be a password.
    shown = url.set(query={}).render_as_string(hide_password=True)
    name = url.database if url.get_backend_name() == "sqlite" else shown
    if url.get_backend_name() == "sqlite":
        _check_file(url.database, create)
    engine = _engine(url)
    database = Database(engine, name or "")
    try:
        with engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
            migrate(connection, database.name)
    except BadDatabase:
        engine.dispose()
        raise
    except SQLAlchemyError as error:
        engine.dispose()
        raise BadDatabase(f"The database {database.name} cannot be used: {_reason(error)}.") from error
    database.stay()
    return database


def _url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise BadDatabase(
            "The database URL is not one: sqlite:///FILE or postgresql://USER@HOST/NAME."
        ) from error
    if url.drivername not in DRIVERS:
        raise BadDatabase(
            f"Databases of the kind {url.drivername!r} are not supported; use sqlite or postgresql."
        )
    if url.query and DRIVERS[url.drivername] == "sqlite":
        raise BadDatabase("A SQLite database takes no options: sqlite:///FILE.")
    return url.set(drivername=DRIVERS[url.drivername])


def _check_file(path: str | None, create: bool) -> None:
    if not path or path == ":memory:":
        raise BadDatabase("A SQLite database needs a file: sqlite:///FILE.")
    if not create and not Path(path).is_file():
        raise BadDatabase(f"There is no database {path}.")
    if not Path(path).absolute().parent.is_dir():
        raise BadDatabase(f"There is no folder {Path(path).absolute().parent} for the database.")


def _identity(path: str) -> tuple[int, int] | None:
    """What tells one file from another; None when there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        waiting = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        # As many connections as threads ask for: writers that wait must leave some to readers, who need not.
        engine = create_engine(url, connect_args=waiting, max_overflow=-1)
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
        return engine
    try:
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ImportError as error:
        raise BadDatabase(
            "PostgreSQL needs a driver: pip install 'metronome-grader[postgres]' brings it."
        ) from error


def _configure(connection: sqlite3.Connection, _: Any) -> None:
    """WAL, so that readers and a writer do not wait for each other; every commit reaches the disk."""
    connection.isolation_level = None  # transactions begin where SQLAlchemy says so, see _begin
    _turn_to_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _turn_to_wal(connection: sqlite3.Connection) -> None:
    """This alone does not wait by itself for others, who open a new file or close it at the same moment."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _begin(connection: Connection) -> None:
    """A writer takes its place at once: upgrading a reader later could fail with "database is locked"."""
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _reason(error: SQLAlchemyError) -> str:
    """The database's own words, on one line."""
    original = error.orig if isinstance(error, DBAPIError) else error
    lines = str(original).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(original).__name__
