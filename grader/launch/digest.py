"""What graded a submission, as one digest: our own code, the exercise, and what it runs on."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

import sandbox
from grader.exercise import Exercise

SUFFIXES = (".py", ".toml")


def local_ground() -> str:
    """What local mode stands on: the torch that is installed, without importing it."""
    return f"torch {metadata.version('torch')}"


def grading_digest(exercise: Exercise, ground: str) -> str:
    """64 hex digits over the code of grader and sandbox, the exercise, its reference files, and `ground`.

    `ground` is the image's id, or `local_ground()`.  Only Python and TOML files count.
    """
    digest = hashlib.sha256(f"{_code()}\0{ground}".encode())
    for folder in (exercise.folder, exercise.reference):
        _add(digest, folder)
    return digest.hexdigest()


@cache
def _code() -> str:
    """The digest of our own two packages; they do not change while a process runs."""
    digest = hashlib.sha256()
    for folder in (Path(__file__).parent.parent, Path(sandbox.__file__).parent):
        _add(digest, folder)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, folder: Path) -> None:
    """Names and contents of a folder's files, in the order of their names."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    for path in files:
        if "_course" in path.relative_to(folder).parts:  # a wheel's exercises lie inside the package
            continue
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
