"""Reads one `loop.py` or notebook: its bytes, bounded and checked, and the exercise it belongs to.

A path that is no file, or an exercise nobody knows, is an error of usage.  A file whose content
cannot be read as Python text is the student's to mend: a sentence for the finding `unreadable-file`.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import stat
import tokenize
from pathlib import Path
from typing import NamedTuple

from grader.cells import is_notebook
from grader.errors import NoSuchFile, UnknownExercise
from grader.exercise import slugs
from grader.ingest.notebook import MAX_NOTEBOOK, convert
from grader.models import Submission
from grader.settings import Settings

MAX_SOURCE = 1 << 20
"""Longest file that is graded, in bytes."""
COMMENT_LINES = 50
"""How far down a `# exercise: slug` comment is looked for."""

_COMMENT = re.compile(r"^[ \t]*#[ \t]*exercise:[ \t]*([A-Za-z0-9_-]+)[ \t]*$")
_SAME_IN_ASCII = frozenset({"ascii", "iso8859-1", "cp1252"})


class Ingested(NamedTuple):
    """A submission, and what keeps it from being run: a sentence, or "" when nothing does.

    Of a file that is too long only the first MAX_SOURCE + 1 bytes are kept.
    """

    submission: Submission
    problem: str


def read_loop(path: Path, exercise: str | None, settings: Settings) -> Ingested:
    """Read the file at `path`; `exercise` is what the command line says, None if it does not.

    Raises NoSuchFile and UnknownExercise.
    """
    source, problem = python_in(path.name, _read(path))
    submission = Submission(
        filename=os.fsencode(path.name).decode("utf-8", "replace"),
        source=source,
        exercise=_exercise(path, source, exercise, settings),
        student=settings.student,
    )
    return Ingested(submission, problem)


def most_bytes(filename: str) -> int:
    """How many bytes of a file of that name have to be read, so that one which is too long shows."""
    return (MAX_NOTEBOOK if is_notebook(filename) else MAX_SOURCE) + 1


def python_in(filename: str, content: bytes) -> tuple[bytes, str]:
    """The Python source in a file's content, and why it cannot be run: a sentence, "" when it can.

    Of a notebook that is the code of its cells (`grader.ingest.notebook`), of any other file all of it.
    """
    if not is_notebook(filename):
        return content, problem_in(content)
    converted = convert(content)
    if converted.problem:
        return content[: MAX_SOURCE + 1], converted.problem
    return converted.source, problem_in(converted.source)


def _read(path: Path) -> bytes:
    """The bytes of a regular file, no more than `most_bytes`; never waits on a pipe or a device."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise NoSuchFile(f"{path} is a folder; give the path of one Python file.")
        if not stat.S_ISREG(mode):
            raise NoSuchFile(f"{path} is not a regular file; give the path of one Python file.")
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        # Looked at again once open: what the path names may have changed meanwhile.
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NoSuchFile(f"{path} is not a regular file; give the path of one Python file.")
            return file.read(most_bytes(path.name))
    except FileNotFoundError as error:
        raise NoSuchFile(f"There is no file {path}.") from error
    except OSError as error:
        raise NoSuchFile(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a NUL character in the path
        raise NoSuchFile(f"{str(path)!r} is not the name of a file.") from error


def _exercise(path: Path, source: bytes, told: str | None, settings: Settings) -> str:
    """The exercise: told, in a comment, in the settings, or the folder's name; the first to speak counts."""
    known = slugs()
    comment, line = _comment(source)
    for slug, who in (
        (told, "--exercise says"),
        (comment, f"line {line} of {path.name} says"),
        (settings.exercise, "the settings say"),
    ):
        if slug in known:
            return slug
        if slug:
            raise UnknownExercise(f"There is no exercise {slug!r}, as {who}. There are: {', '.join(known)}.")
    folder = path.absolute().parent.name
    if folder in known:
        return folder
    raise UnknownExercise(
        f"Which exercise is {path.name}? Say --exercise SLUG, or write '# exercise: SLUG' into the file."
        f" There are: {', '.join(known)}."
    )


def _comment(source: bytes) -> tuple[str | None, int]:
    """The slug of a `# exercise: slug` comment near the top, and its line."""
    text = source.decode("utf-8", "replace").removeprefix("\ufeff")
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if number > COMMENT_LINES:
            break
        if match := _COMMENT.match(line):
            return match[1], number
    return None, 0


def problem_in(source: bytes) -> str:
    """Why `source` cannot be run as Python: a sentence; "" when it can.

    Of a file that is too long MAX_SOURCE + 1 bytes are enough.
    """
    if len(source) > MAX_SOURCE:
        return f"The file is larger than {MAX_SOURCE >> 20} MiB; a training loop is a few kilobytes."
    if source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "The file is saved as UTF-16; save it as UTF-8."
    if (at := source.find(b"\0")) >= 0:
        return f"The file is not text: byte {at + 1} is NUL, which no Python file holds."
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = source.count(b"\n", 0, error.start) + 1, source[error.start]
        return f"The file is not UTF-8: line {line} holds the byte 0x{byte:02x}; save it as UTF-8."
    if not text.strip():
        return "The file is empty."
    return _declared(source)


def _declared(source: bytes) -> str:
    """What is wrong with the encoding the first two lines declare (PEP 263); "" when nothing."""
    try:
        declared, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except SyntaxError as error:
        return f"The file declares an encoding that Python refuses ({error.msg}); save it as UTF-8."
    name = codecs.lookup(declared).name
    if name in ("utf-8", "utf-8-sig") or (name in _SAME_IN_ASCII and source.isascii()):
        return ""
    return f"The file declares the encoding {declared!r}; save it as UTF-8 and leave the declaration out."
