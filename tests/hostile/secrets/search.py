"""Finding needles in any bytes without holding them, so that a search of one's own memory does not find itself.

Bytes are read as 64-bit words, and a word's fingerprint is its product with an odd number, modulo 2**64.  A needle
is known by the fingerprints of its words, two in a row, at each of its offsets: wherever it lies, 16 bytes out of any
23 of it begin at a multiple of 8.  The time does not depend on the number of needles.

The file that searches from inside carries this source: it needs the standard library and numpy alone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

import numpy as np

FACTOR = 0x9E3779B97F4A7C15
WORD = 8
CHUNK = 96 << 10  # below what malloc takes anew from the kernel each time
BITS = 20  # of a fingerprint, that the first look takes

Pairs = list[tuple[int, int | None, str]]


def fingerprint(word: bytes) -> int:
    """The fingerprint of 8 bytes."""
    return int.from_bytes(word, "little") * FACTOR % 2**64


def pairs_of(needles: dict[str, bytes]) -> Pairs:
    """The fingerprints of needles by name: of two words in a row, of single ones where a needle is below 16 bytes.

    Such a short one is found only where it begins at a multiple of 8, or of 4 if it has 12 bytes.
    """
    found: Pairs = []
    for name, needle in needles.items():
        prints = [fingerprint(needle[at : at + WORD]) for at in range(len(needle) - WORD + 1)]
        seconds: list[int | None] = [*prints[WORD:]] if len(needle) >= 2 * WORD else [None] * len(prints)
        found += [(first, second, name) for first, second in zip(prints, seconds, strict=False)]
    return found


class Search:
    """Looks for the needles that `pairs` tell of."""

    def __init__(self, pairs: Pairs) -> None:
        self._known: dict[int, dict[int | None, str]] = {}
        for first, second, name in pairs:
            self._known.setdefault(first, {})[second] = name
        self._table = np.zeros(1 << BITS, dtype=bool)
        self._table[[first >> 64 - BITS for first in self._known]] = True

    def in_bytes(self, data: bytes) -> set[str]:
        """Names of the needles that lie in `data`, whose first byte has an address that 8 divides."""
        data += bytes(-len(data) % WORD)
        prints = np.frombuffer(data, dtype=np.uint64) * np.uint64(FACTOR)
        likely = np.flatnonzero(self._table[(prints >> np.uint64(64 - BITS)).view(np.int64)])
        names = set()
        for at, first in zip(likely.tolist(), prints[likely].tolist(), strict=True):
            if (seconds := self._known.get(first)) is not None:
                after = int(prints[at + 1]) if at + 1 < len(prints) else None
                names |= {seconds[key] for key in (after, None) if key in seconds}
        return names

    def in_stream(self, descriptor: int, start: int, end: int) -> set[str]:
        """Names of the needles between two offsets (multiples of 8) of a descriptor, or up to its end.

        Raises OSError where nothing can be read.
        """
        names: set[str] = set()
        at, before = start, b""
        while at < end and (data := os.pread(descriptor, min(CHUNK, end - at), at)):
            names |= self.in_bytes(before + data)
            at += len(data)
            whole = len(before + data) // WORD * WORD
            before = (before + data)[max(0, whole - 2 * WORD) :]
        return names

    def in_file(self, path: str, bound: int = 1 << 40) -> set[str]:
        """Names of the needles in a file, no link followed.  Raises OSError where it cannot be read."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            return self.in_stream(descriptor, 0, bound)
        finally:
            os.close(descriptor)

    def in_memory(self, pid: int | str) -> tuple[set[tuple[str, str]], int, set[str]]:
        """Needles with the mapping they lie in, in every readable mapping of a process; bytes read; mappings refused.

        Raises OSError where its memory cannot be opened.
        """
        found: set[tuple[str, str]] = set()
        total, refused = 0, set()
        spans = mappings(pid)
        descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
        try:
            for start, end, name in spans:
                try:
                    found |= {(needle, name) for needle in self.in_stream(descriptor, start, end)}
                    total += end - start
                except (OSError, OverflowError):  # the last page of all lies beyond what an offset may be
                    refused.add(name)
        finally:
            os.close(descriptor)
        return found, total, refused


def mappings(pid: int | str) -> list[tuple[int, int, str]]:
    """Start, end and name of each readable mapping of a process.  Raises OSError."""
    found = []
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            span, rights, _, _, _, *name = line.split(maxsplit=5)
            start, end = (int(part, 16) for part in span.split("-"))
            if rights.startswith("r"):
                found.append((start, end, name[0].strip() if name else "anonymous"))
    return found


def files_below(root: str, leave: tuple[str, ...]) -> Iterator[str]:
    """Paths of the regular files below a folder, but for the folders `leave`; no link is followed."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in leave]
        for name in names:
            path = os.path.join(folder, name)
            try:
                regular = stat.S_ISREG(os.lstat(path).st_mode)
            except OSError:
                continue
            if regular:
                yield path
