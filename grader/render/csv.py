"""The gradebook as CSV (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from grader.render.clean import one_line

if TYPE_CHECKING:
    from grader.gradebook import Entry, Gradebook

HEADER = ("student", "id", "file", "outcome", "passed", "points", "max", "findings", "verification")

# What a spreadsheet takes for the beginning of a formula, with the full-width forms that some read alike.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_WORDS = {True: "true", False: "false", None: ""}


def render_csv(book: Gradebook) -> str:
    """The entries in the gradebook's order under HEADER; lines end in a newline.

    Nothing stands under `passed` and `points` where nobody has decided.  A text that a spreadsheet could take
    for a formula begins with an apostrophe.
    """
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(map(_row, book.entries))
    return sink.getvalue()


def cell(text: str) -> str:
    """`text` on one line, with an apostrophe before what could be a formula."""
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        cell(entry.student),
        cell(entry.id),
        cell(entry.file),
        entry.outcome,
        _WORDS[entry.passed],
        _points(entry.points),
        _points(entry.max),
        cell("; ".join(entry.findings)),
        entry.verification,
    )


def _points(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"
