"""The first line of a bug file: what is to be found in it, and whether it computes something determinate.

    # expect: missing-zero-grad numeric
    # expect: wrong-update numeric: an Adam that corrects neither average

`numeric` says that the file comes to the same numbers on the same challenge however its bug is spelled, so that
numbers can be recognised by it.  What follows the colon says what computes them, where the finding's own words
(grader.catalogue) are too general.
"""

from __future__ import annotations

from dataclasses import dataclass

MARK = "numeric"


@dataclass(frozen=True)
class Promise:
    """What a bug file promises: the slugs that are found in it, if it is `numeric`, and what computes such numbers."""

    slugs: tuple[str, ...] = ()
    numeric: bool = False
    computes: str = ""


def promise_of(source: bytes) -> Promise:
    """What the first line of a file promises; nothing where it is no such line."""
    first = source.split(b"\n", 1)[0].decode(errors="replace")
    words, _, computes = first.partition("# expect:")[2].partition(":")
    found = words.split()
    slugs = tuple(word for word in found if word != MARK)
    return Promise(slugs, MARK in found, computes.strip() if MARK in found else "")
