"""Where a report goes: the screen, or a file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import MetronomeError, UsageError
from grader.files import replace_file, temporary_beside

if TYPE_CHECKING:
    from grader.render import Canvas

WIDEST = 100


def screen() -> Canvas:
    """The canvas that standard output is."""
    from grader.render import Canvas

    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    width = min(shutil.get_terminal_size((80, 24)).columns, WIDEST)
    return Canvas(width=width, color=color, unicode=encoding.startswith("utf"))


def show(text: str) -> bool:
    """Write `text` to standard output as UTF-8 (JSON is, and Canvas.unicode saw to the rest).

    A reader that went away (`grade … | head`) is no error; False then.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python flushes once more at exit; give it something that takes it.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


class Target:
    """A file to write later.  Raises UsageError at once when it will not be writable."""

    def __init__(self, path: Path) -> None:
        self._shown = path
        try:
            self._path = Path(os.path.realpath(path))
            self._probe()
        except (OSError, ValueError) as error:
            raise UsageError(f"{str(path)!r} cannot be written: {_reason(error)}.") from error

    def write(self, text: str) -> None:
        """Put `text` there as UTF-8, in one move.  Raises MetronomeError when that fails after all."""
        try:
            if self._special():
                self._path.write_bytes(text.encode())
            else:
                replace_file(self._path, text.encode())
        except OSError as error:
            raise MetronomeError(f"{self._shown} could not be written: {_reason(error)}.") from error

    def _special(self) -> bool:
        """Whether it is a device or a pipe, which must not be replaced by a file."""
        return self._path.exists() and not self._path.is_file()

    def _probe(self) -> None:
        """Try what write() will do, and leave no trace of it."""
        if self._path.is_dir():
            raise UsageError(f"{self._shown} is a folder; --output needs the name of a file.")
        if not self._path.parent.is_dir():
            raise UsageError(f"There is no folder {self._path.parent} to write {self._path.name} into.")
        if self._path.exists() and not os.access(self._path, os.W_OK):
            raise UsageError(f"{self._shown} is read-only.")
        if not self._special():
            descriptor, temporary = temporary_beside(self._path)
            os.close(descriptor)
            temporary.unlink()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
