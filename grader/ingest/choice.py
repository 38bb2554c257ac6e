"""Chooses the file that is graded, of all that one student has handed in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.ingest.layout import HandedFile
from grader.ingest.tree import listed, plain

MAX_NAME = 120
"""Longest name of a file that is shown, in characters; longer ones lose their middle."""

# Canvas marks a file whose name was used before: loop-1.py.  It counts on by ones, so the number is short.
_AGAIN = re.compile(
    r"(?P<stem>.+?)-(?P<number>[1-9][0-9]?)(?P<suffixes>(?:\.[A-Za-z][A-Za-z0-9]*)*)", re.DOTALL
)


@dataclass(frozen=True)
class Choice:
    """The file to grade.  `problem` is a sentence where there is none, and `file` is then the newest other.

    `filename` is the name to show; `note` says what to know about the choice.
    """

    file: HandedFile
    filename: str
    problem: str = ""
    note: str = ""


def choose(files: Iterable[HandedFile]) -> Choice:
    """The newest `loop.py`, else the newest Python file, else the newest notebook, of one or more files.

    Does not depend on their order.
    """
    files = sorted(files, key=_age)
    python = [file for file in files if file.source is not None]
    if not python:
        sentence = f"No Python file was handed in, only {listed(map(_shown, files))}."
        return Choice(files[0], _shown(files[0]), problem=sentence)
    best = min(map(_rank, python))
    chosen = _newest([file for file in python if _rank(file) == best])
    note = ""
    if len(python) > 1:
        names = listed(plain(file.inside, MAX_NAME) for file in python)
        note = f"{len(python)} Python files were handed in ({names}); {plain(chosen.inside, MAX_NAME)} was taken."
    return Choice(chosen, _shown(chosen), note=note)


def _newest(files: list[HandedFile]) -> HandedFile:
    """The newest file, of files that are otherwise as good.

    The number behind a name says which of two files of one name is newer, and nothing about files of other
    names: lab-2.py may be the second attempt at lab.py, or the second exercise.
    """
    newest: dict[str, HandedFile] = {}
    for file in files:
        base = _base(file).casefold()
        newest[base] = min(newest.get(base, file), file, key=_age_among_namesakes)
    return min(newest.values(), key=_age)


def _age_among_namesakes(file: HandedFile) -> tuple[int, ...]:
    """Less for a newer file, of files that have the same name but for the number."""
    attempt, number, depth = _attempt(file), _number(file), file.inside.count("/")
    if file.lms == "canvas":
        return -number, -attempt
    if file.lms == "moodle":
        return -attempt, -number, depth
    return depth, number  # in a plain folder the number is the student's, who means loop.py


def _age(file: HandedFile) -> tuple[int, int, str]:
    """Less for a newer file, then for one that lies less deep; paths decide between equals."""
    return -_attempt(file), file.inside.count("/"), file.path


def _attempt(file: HandedFile) -> int:
    """A number that grows with time, as far as the layout has one."""
    if file.lms == "moodle":
        return int(file.id)
    return file.attachment


def _rank(file: HandedFile) -> int:
    """0 for loop.py, 1 for other Python files, 2 for notebooks."""
    name = _base(file).casefold()
    return 0 if name == "loop.py" else 1 if name.endswith(".py") else 2


def _base(file: HandedFile) -> str:
    """The file's name without folders and without the number of a second upload."""
    name = PurePosixPath(file.inside).name
    match = _AGAIN.fullmatch(name)
    return match["stem"] + match["suffixes"] if match else name


def _number(file: HandedFile) -> int:
    """The number of a second upload, 0 for the first."""
    match = _AGAIN.fullmatch(PurePosixPath(file.inside).name)
    return int(match["number"]) if match else 0


def _shown(file: HandedFile) -> str:
    """The file's name as the student gave it, made safe to show."""
    name = _base(file) if file.lms == "canvas" else PurePosixPath(file.inside).name
    return plain(name, MAX_NAME)
