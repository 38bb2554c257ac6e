"""The output folder of a batch: one exercise's, one process at a time, with its database."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from grader.errors import BadOutput
from grader.store.database import Database, open_database
from grader.store.notes import note, write_note
from grader.store.submissions import any_kept

DATABASE = "metronome.db"
LOCK = ".metronome.lock"
REPORTS = "reports"


class Folder:
    """An output folder, locked and its database open: a context manager.

    With `exercise` it is made if need be; without, it has to be one already.  Raises BadOutput when it
    cannot be written, is in use, or belongs to another exercise, and BadDatabase; nothing is left then
    that was not there before, but for an empty folder and its lock.
    """

    def __init__(self, path: Path, exercise: str | None) -> None:
        self.path = path
        self._lock = self._locked(make=exercise is not None)
        try:
            self.database = self._opened(exercise)
        except BaseException:
            os.close(self._lock)
            raise
        try:
            (self.path / REPORTS).mkdir(exist_ok=True)
        except OSError as error:
            self.close()
            raise BadOutput(f"{self.path / REPORTS} cannot be a folder: {error.strerror}.") from error

    def close(self) -> None:
        """Close the database and let others in."""
        self.database.close()
        os.close(self._lock)

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _locked(self, make: bool) -> int:
        """A descriptor that holds the lock; it goes with the process, however that ends."""
        try:
            if make:
                self.path.mkdir(parents=True, exist_ok=True)
            elif not (self.path / DATABASE).is_file():
                raise BadOutput(f"{self.path} is not the output folder of a batch.")
            descriptor = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise BadOutput(f"The folder {self.path} cannot be written: {error.strerror}.") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise BadOutput(f"Another process is at work in {self.path}; wait for it to end.") from error
        return descriptor

    def _opened(self, exercise: str | None) -> Database:
        database = open_database(self.path / DATABASE, create=exercise is not None)
        try:
            with database.write() as connection:
                belongs = note(connection, "exercise")
                if belongs is None and any_kept(connection):
                    raise BadOutput(f"{self.path / DATABASE} belongs to a server, not to a batch.")
                if exercise is not None and belongs not in (None, exercise):
                    raise BadOutput(
                        f"{self.path} holds results of {belongs}; give those of {exercise} a folder of their own."
                    )
                if belongs is None and exercise is not None:
                    write_note(connection, "exercise", exercise)
        except BaseException:
            database.close()
            raise
        return database
