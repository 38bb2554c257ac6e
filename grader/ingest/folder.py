"""Reads a folder of hand-ins into memory: regular files only, bounded, and never by a symbolic link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.errors import NoSuchFile
from grader.ingest.loop import most_bytes
from grader.ingest.tree import MAX_MEMBERS, Found, Tally, Tree, is_junk, is_python, plain

_RESULTS = frozenset({".metronome.lock", "reports"})
"""What tells that a folder is the output folder of a batch."""
_WRITTEN = _RESULTS | {
    "class.html",
    "grades.csv",
    "metronome.db",
    "metronome.db-shm",
    "metronome.db-wal",
    "summary.json",
}


def read_folder(path: Path, leave_out: Iterable[Path] = ()) -> Tree:
    """The files of the folder at `path` and below, but for the files and folders `leave_out`.

    What batches wrote is no hand-in either, in `path` itself or in a folder below.
    Follows no symbolic link and reads regular files only; what is neither is listed as skipped.
    Raises NoSuchFile where there is no readable folder, and BadArchive for too many files or bytes.
    """
    name = plain(str(path), None)
    tally, found = Tally(name), Found()
    left_out = {os.path.realpath(each) for each in leave_out}
    root = os.path.realpath(path)
    try:
        entries = _sorted(root)
    except OSError as error:
        raise NoSuchFile(f"{name} cannot be read: {error.strerror}.") from error
    if _holds_results(entries):
        entries = [entry for entry in entries if entry.name not in _WRITTEN]
    for entry in _walk(entries, tally, left_out, found, root):
        relative = _relative(entry, root)
        if is_python(relative):
            try:
                found.add(relative, _read_file(entry.path, tally))
            except OSError as error:
                found.skip(relative, f"it cannot be read: {error.strerror or 'not a regular file'}")
        else:
            found.add(relative, None)
    return found.tree(name, zipped=False)


def _walk(
    entries: list[os.DirEntry[str]], tally: Tally, left_out: set[str], found: Found, root: str
) -> Iterator[os.DirEntry[str]]:
    """The regular files in and below `entries`, on a stack of our own: folders may be nested deeply."""
    stack = entries[::-1]
    while stack:
        entry = stack.pop()
        relative = _relative(entry, root)
        if entry.path in left_out or is_junk(relative):
            continue
        tally.add_members(1)
        try:
            if entry.is_symlink():
                found.skip(relative, "a symbolic link is not followed")
            elif entry.is_dir(follow_symlinks=False):
                inside = _sorted(entry.path)
                if _holds_results(inside):
                    found.skip(relative, "it holds the results of a batch, and no hand-in")
                else:
                    stack += inside[::-1]
            elif entry.is_file(follow_symlinks=False):
                yield entry
            else:
                found.skip(relative, "it is not a regular file")
        except OSError as error:
            found.skip(relative, f"it cannot be read: {error.strerror}")


def _holds_results(entries: list[os.DirEntry[str]]) -> bool:
    """Whether these are the entries of a folder that a batch wrote its results into."""
    return {entry.name for entry in entries} >= _RESULTS


def _sorted(folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name; one more entry than is accepted is enough to refuse it."""
    with os.scandir(folder) as entries:
        some = [entry for entry, _ in zip(entries, range(MAX_MEMBERS + 1), strict=False)]
    return sorted(some, key=lambda entry: entry.name)


def _relative(entry: os.DirEntry[str], root: str) -> str:
    """The entry's path below `root` as text; bytes that are no UTF-8 become U+FFFD."""
    relative = os.path.relpath(entry.path, root).replace(os.sep, "/")
    return os.fsencode(relative).decode("utf-8", "replace")


def _read_file(path: str, tally: Tally) -> bytes:
    """The first bytes of a regular file (see `most_bytes`); OSError if it has become anything else."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    )
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError
        content = file.read(most_bytes(path))
    tally.add_bytes(len(content))
    return content
