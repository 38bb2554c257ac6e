"""Reads the roster: the CSV that says which students a class has, and what the learning platforms call them.

    student,name,canvas_id,moodle_id
    ada,Ada Lovelace,4711,

`student` must be there; the other columns may be missing, stand in any order, or have others beside them.
"""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.errors import BadRoster
from grader.ingest.tree import plain

MAX_BYTES = 4 << 20
"""Longest roster, in bytes."""
MAX_ROWS = 100_000
"""Most rows of a roster."""
MAX_WORDS = 32
"""Most words of a name that it is read from; to try all of a text's would take hours."""
COLUMNS = ("student", "name", "canvas_id", "moodle_id")

_DELIMITERS = ",;\t"
_ONCE = ("student", "canvas_id", "moodle_id")


@dataclass(frozen=True)
class Student:
    """One row; all but `student` may be "".  Ids are texts, because their zeros count."""

    student: str
    name: str = ""
    canvas_id: str = ""
    moodle_id: str = ""


@dataclass(frozen=True)
class Roster:
    """A class, in the order of its file; no two students share `student`, `canvas_id` or `moodle_id`."""

    students: tuple[Student, ...]


def read_roster(path: Path) -> Roster:
    """The roster at `path`: UTF-8 with or without BOM, separated by commas, semicolons or tabs.

    Raises BadRoster, with the number of the line where there is one.
    """
    name = plain(str(path), None)
    text = _text(path, name)
    students: list[Student] = []
    seen: dict[tuple[str, str], int] = {}
    try:
        for line, student in _rows(text, name):
            _check(student, line, seen, name)
            students.append(student)
            if len(students) > MAX_ROWS:
                raise BadRoster(f"{name} has more than {MAX_ROWS:,} rows; at most that many are read.")
    except csv.Error as error:
        raise BadRoster(f"{name} is no CSV that can be read: {error}.") from error
    return Roster(tuple(students))


def squeezed(name: str) -> str:
    """A name as Canvas writes it into file names: in lower case, without all that is no letter or digit."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def spellings(name: str) -> frozenset[str]:
    """The forms of a name that Canvas may write: it sorts by "Lovelace, Ada", so the words may be rotated."""
    words = name.split()
    turns = range(min(len(words), MAX_WORDS))
    return frozenset(squeezed("".join(words[at:] + words[:at])) for at in turns) - {""}


def folded(name: str) -> str:
    """A name as Moodle writes it: underscores and spaces are one, and case does not count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().replace("_", " ").split())


def _text(path: Path, name: str) -> str:
    """The file's text; never waits on a pipe."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadRoster(f"{name} is not a file; the roster is one CSV file.")
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise BadRoster(f"There is no roster {name}.") from error
    except OSError as error:
        raise BadRoster(f"The roster {name} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a NUL character in the path
        raise BadRoster(f"{str(path)!r} is not the name of a file.") from error
    if len(content) > MAX_BYTES:
        raise BadRoster(f"{name} is larger than {MAX_BYTES >> 20} MiB; at most that much is read.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadRoster(f"{name} is not UTF-8, on line {line}; save it as CSV UTF-8.") from error


def _rows(text: str, name: str) -> Iterator[tuple[int, Student]]:
    """Each student and the line its row starts on, counted from 1."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    header: list[str] = []
    start = 1
    for row in lines:
        line, start = start, lines.line_num + 1
        cells = [plain(cell, None) for cell in row]
        if not any(cells):
            continue
        if not header:
            header = _header(cells, name)
            continue
        if any(cells[len(header) :]):
            raise BadRoster(f"{name} has {len(cells)} values on line {line}, but {len(header)} columns.")
        values = dict(zip(header, cells, strict=False))
        yield line, Student(**{column: values.get(column, "") for column in COLUMNS})
    if not header:
        raise BadRoster(f"{name} is empty; its first line names the columns, such as {','.join(COLUMNS)}.")


def _delimiter(text: str) -> str:
    """What separates the columns: what makes the first line with anything on it name `student`."""
    first = next((line for line in text.splitlines() if line.strip(f"{_DELIMITERS} ")), "")
    for delimiter in _DELIMITERS:
        cells = (cell.strip().strip('"') for cell in first.split(delimiter))
        if any(_column(cell) == "student" for cell in cells):
            return delimiter
    return ","


def _column(cell: str) -> str:
    """The name of a column: "Canvas ID" is `canvas_id`."""
    return re.sub(r"[ _-]+", "_", cell.strip().casefold())


def _header(cells: list[str], name: str) -> list[str]:
    """The columns' names."""
    header = [_column(cell) for cell in cells]
    for column in COLUMNS:
        if header.count(column) > 1:
            raise BadRoster(f"{name} has two columns {column}.")
    if "student" not in header:
        raise BadRoster(
            f"{name} has no column student; its first line names the columns, such as student,name."
        )
    return header


def _check(student: Student, line: int, seen: dict[tuple[str, str], int], name: str) -> None:
    """BadRoster for a row without a student, or with what another row has claimed."""
    if not student.student:
        raise BadRoster(f"{name} has no student on line {line}.")
    for column in _ONCE:
        value = getattr(student, column)
        if not value:
            continue
        before = seen.setdefault((column, value), line)
        if before != line:
            raise BadRoster(f"{name} has the {column} '{plain(value)}' twice, on lines {before} and {line}.")
