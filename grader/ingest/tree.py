"""What was found in an archive or a folder of hand-ins, how much of it is accepted, and names made safe to show."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from grader.errors import BadArchive

MAX_MEMBERS = 20_000
"""Most files and folders in one archive or folder."""
MAX_TOTAL = 512 << 20
"""Most bytes that are unpacked from one archive, or read from one folder."""
MAX_RATIO = 200
"""How many times its own size an archive may unpack to, once it has unpacked to FREE bytes."""
FREE = 1 << 20
MAX_PATH = 1024
"""Longest path inside, in characters; the parsers of names need not look at more."""
MOST_NAMED = 3
"""How many names a sentence lists; the others are counted."""
PYTHON = frozenset({".py", ".ipynb"})
"""A notebook is taken too: the student is told to hand in a Python file instead."""

_JUNK = frozenset({"__MACOSX", "__pycache__", "Thumbs.db"})
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})


@dataclass(frozen=True)
class Skipped:
    """A file that was left aside, and why: the end of a sentence about it."""

    path: str
    why: str

    def __str__(self) -> str:
        return f"{plain(self.path)}: {self.why}"


@dataclass(frozen=True)
class Tree:
    """The files of an archive or a folder: relative POSIX path, in NFC and without surrogates, to content.

    The content is None for files that are no Python.  Of a file that is too long only
    `most_bytes` of `grader.ingest.loop` are kept.  `name` is for sentences.
    """

    name: str
    zipped: bool
    members: Mapping[str, bytes | None] = field(repr=False)
    skipped: tuple[Skipped, ...] = ()


class Tally:
    """Counts what comes out of `name`, and raises BadArchive once it is too much.

    `packed` is the archive's own size in bytes, None for a folder.  Sizes that an archive claims play no part.
    """

    def __init__(self, name: str, packed: int | None = None) -> None:
        self.name = name
        self.packed = packed
        self.members = 0
        self.total = 0

    def add_members(self, count: int) -> None:
        """`count` more files or folders."""
        self.members += count
        if self.members > MAX_MEMBERS:
            raise BadArchive(
                f"{self.name} holds more than {MAX_MEMBERS:,} files; at most that many are read."
            )

    def add_bytes(self, count: int, where: str = "") -> None:
        """`count` more bytes of content, of the file at `where`."""
        self.total += count
        at = f" (at '{plain(where)}')" if where else ""
        if self.total > MAX_TOTAL:
            raise BadArchive(
                f"{self.name} holds more than {MAX_TOTAL >> 20} MiB{at}; at most that much is read."
            )
        if self.packed is not None and self.total > max(FREE, MAX_RATIO * self.packed):
            raise BadArchive(
                f"{self.name} unpacks to more than {MAX_RATIO} times its size{at}; only one made to do harm"
                " does. Take that file out, or unpack it elsewhere and give the folder."
            )


class Found:
    """Gathers the files of a tree, leaving aside what nobody handed in and names that cannot be told apart."""

    def __init__(self) -> None:
        self.members: dict[str, bytes | None] = {}
        self.skipped: list[Skipped] = []

    def add(self, path: str, content: bytes | None) -> None:
        """A file that was read; `path` need not be in NFC."""
        path = unicodedata.normalize("NFC", path)
        if is_junk(path):
            return
        if len(path) > MAX_PATH:
            self.skip(path, f"its path is longer than {MAX_PATH:,} characters")
        elif path in self.members:
            self.skip(path, "its name cannot be told from another file's")
        else:
            self.members[path] = content

    def skip(self, path: str, why: str) -> None:
        """A file that was left aside."""
        self.skipped.append(Skipped(path, why))

    def tree(self, name: str, *, zipped: bool) -> Tree:
        """All of it, in the order of paths."""
        return Tree(
            name,
            zipped,
            dict(sorted(self.members.items())),
            tuple(sorted(self.skipped, key=lambda each: (each.path, each.why))),
        )


def is_python(path: str) -> bool:
    """Whether a file of that name could be what is graded."""
    return PurePosixPath(path).suffix.lower() in PYTHON


def is_junk(path: str) -> bool:
    """Whether the path is what operating systems, editors and Python leave behind; nobody handed it in."""
    return any(part in _JUNK or part.startswith(".") for part in path.split("/"))


def plain(text: str, limit: int | None = 120) -> str:
    """`text` on one line, in NFC, without control, bidi, zero-width and private characters and lone surrogates.

    More than `limit` characters lose their middle, because a file's name tells most by its end.
    """
    spaced = " ".join(text.split())
    kept = "".join(char for char in spaced if unicodedata.category(char) not in _DROPPED)
    text = " ".join(unicodedata.normalize("NFC", kept).split())
    if limit is None or len(text) <= limit:
        return text
    end = limit // 4
    return f"{text[: limit - end - 1]}…{text[-end:]}"


def listed(names: Iterable[str]) -> str:
    """The first MOST_NAMED of `names`, each once, and how many more there are."""
    names = list(dict.fromkeys(names))
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
