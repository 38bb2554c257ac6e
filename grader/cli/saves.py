"""The saves of one file: when it has come to rest, and what it says then.

Editors write into the file, or empty it first, or put another one in its place; for a moment it may be missing or
half there.  So a state counts once the file has stood still, and one that looks half-written only after a little
longer.  The file is asked for by name, many times a second: it costs some microseconds, and it is the same for all
these ways, for a file that goes and comes back, and for folders whose changes no system tells (network, containers).
"""

from __future__ import annotations

import ast
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.ingest.loop import read_loop

if TYPE_CHECKING:
    from grader.ingest.loop import Ingested
    from grader.settings import Settings

BETWEEN = 0.01
"""Seconds between two looks."""
STILL = 0.03
"""Seconds without a change after which a file counts as saved."""
DOUBTFUL = 0.15
"""The same for one that is missing, empty or no Python: somebody may be writing it just now."""

Mark = tuple[int, int, int]
NO_FILE: Mark = (0, 0, 0)


class Saves:
    """What a file has been saved as, one look after the other; `exercise` is what the command line says."""

    def __init__(self, path: Path, exercise: str | None, settings: Settings) -> None:
        self._path, self._exercise, self._settings = path, exercise, settings
        self._seen: Mark | None = None
        self._told: Mark | None = None
        self.since = float("-inf")
        """When the newest state was first seen, in seconds of the clock that `look` is given."""

    def look(self, now: float) -> Ingested | UsageError | None:
        """The file as it was saved, or why there is none; None while nothing is new, or it still changes."""
        mark = self._mark()
        if mark != self._seen:
            self._seen, self.since = mark, now
        if mark == self._told or now - self.since < STILL:
            return None
        found = self._read()
        if self._mark() != mark or (now - self.since < DOUBTFUL and not whole(found)):
            return None
        self._told = mark
        return found

    def _mark(self) -> Mark:
        """What changes with every save."""
        try:
            status = self._path.stat()
        except (OSError, ValueError):
            return NO_FILE
        return status.st_ino, status.st_size, status.st_mtime_ns

    def _read(self) -> Ingested | UsageError:
        try:
            return read_loop(self._path, self._exercise, self._settings)
        except UsageError as error:
            return error


def whole(found: Ingested | UsageError) -> bool:
    """Whether nothing looks as if the rest were still to be written."""
    if isinstance(found, UsageError) or found.problem:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(found.submission.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
