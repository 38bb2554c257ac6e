"""The student's file as numbered lines of coloured tokens, with remarks under the lines they are about.

Whatever the text is, the work and the result are bounded: a head of the file, and the lines around remarks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pygments.lexers import PythonLexer  # type: ignore[import-untyped]
from pygments.token import Comment, Keyword, Name, Number, String, Token  # type: ignore[import-untyped]

from grader.render.clean import clean

MOST_LINES = 2_000
MOST_TEXT = 200_000
"""How much of a file's beginning is shown: lines, and characters."""
WIDEST = 1_000
"""Characters of one line."""
AROUND = 3
"""Lines shown on both sides of a remark that lies beyond the beginning."""
DEEPEST = 5
MOST_PLACES = 200
"""Places beyond the beginning that are shown."""

KINDS: dict[Any, str] = {
    Comment: "c",
    String: "s",
    Number: "m",
    Keyword: "k",
    Name.Function: "f",
    Name.Class: "f",
    Name.Decorator: "d",
    Name.Builtin: "b",
}
"""Kinds of tokens that are coloured, each with the class that the style sheet knows; children go with them."""


@dataclass(frozen=True)
class Line:
    """One line: its number and its pieces as (class, text).

    `remarks` stand under it, `skipped` lines before it and `cut` characters at its end were left out.
    """

    number: int
    pieces: tuple[tuple[str, str], ...]
    remarks: tuple[int, ...] = ()
    skipped: int = 0
    cut: int = 0

    @property
    def depth(self) -> int:
        """How deep it is indented, in fours, DEEPEST at most: what does not fit on a line goes on there."""
        text = "".join(text for _, text in self.pieces).expandtabs(4)
        return min((len(text) - len(text.lstrip())) // 4, DEEPEST)


@dataclass(frozen=True)
class Listing:
    """The lines shown, and how many after the last were left out."""

    lines: tuple[Line, ...]
    rest: int

    def numbers(self) -> frozenset[int]:
        """The numbers of the lines shown."""
        return frozenset(line.number for line in self.lines)


def listing(source: str, remarks: Mapping[int, Sequence[int]]) -> Listing:
    """The source with `remarks`: for a line counted from 1, which remarks stand under it."""
    texts = source.split("\n") if source.strip() else []
    shown = _shown(texts, remarks)
    # Trailing blanks are invisible, and thousands of blank lines would slow the lexer down to a crawl.
    kept = [clean(texts[number - 1][: WIDEST + 1]).replace("\n", " ")[:WIDEST].rstrip() for number in shown]
    lines, before = [], 0
    for number, pieces in zip(shown, _tokens(kept), strict=True):
        lines.append(
            Line(
                number,
                tuple(pieces),
                tuple(remarks.get(number, ())),
                skipped=number - before - 1,
                cut=max(len(texts[number - 1].rstrip()) - WIDEST, 0),
            )
        )
        before = number
    return Listing(tuple(lines), len(texts) - before)


def _shown(texts: Sequence[str], remarks: Iterable[int]) -> list[int]:
    """The numbers of the lines to show: the beginning, and those around remarks."""
    head, room = 0, MOST_TEXT
    while head < min(len(texts), MOST_LINES) and room > 0:
        room -= min(len(texts[head]), WIDEST) + 1
        head += 1
    numbers = set(range(1, head + 1))
    beyond = sorted(number for number in remarks if head < number <= len(texts))
    for number in beyond[:MOST_PLACES]:
        numbers.update(range(number - AROUND, number + AROUND + 1))
    return sorted(number for number in numbers if 1 <= number <= len(texts))


def _tokens(lines: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    """The pieces of each line; plain where the lexer does not give the text back as it was."""
    text = "\n".join(lines)
    tokens = list(PythonLexer(stripnl=False, ensurenl=False).get_tokens(text))
    if "".join(value for _, value in tokens) != text:
        yield from ([("", line)] for line in lines)
        return
    pieces: list[tuple[str, str]] = []
    for kind, value in tokens:
        first, *others = value.split("\n")
        _append(pieces, _class(kind), first)
        for part in others:
            yield pieces
            pieces = []
            _append(pieces, _class(kind), part)
    if lines:
        yield pieces


def _append(pieces: list[tuple[str, str]], kind: str, text: str) -> None:
    """Add a piece, joined to the one before when both look the same."""
    if not text:
        return
    if pieces and (pieces[-1][0] == kind or text.isspace()):
        pieces[-1] = (pieces[-1][0], pieces[-1][1] + text)
    else:
        pieces.append((kind, text))


def _class(kind: Any) -> str:
    while kind is not Token:
        if kind in KINDS:
            return KINDS[kind]
        kind = kind.parent
    return ""
