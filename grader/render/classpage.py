"""The gradebook as one HTML page: who stands where, what went wrong most, and what waits for a person."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from typing import TYPE_CHECKING

from markupsafe import Markup

from grader.render.chart import bar, histogram
from grader.render.clean import one_line
from grader.render.page import page
from grader.render.words import STATUS_MARKS, counted, number, verifications
from grader.version import VERSION

if TYPE_CHECKING:
    from grader.gradebook import Entry, Gradebook

MOST_COMMON = 12
MOST_SLUGS = 5
"""Findings named in a line of the table of all."""

RESULTS = {
    "student_error": "did not get through",
    "limit_exceeded": "exceeded a limit",
    "needs_person": "needs a person",
    "grader_error": "no result",
}


def render_class(book: Gradebook) -> str:
    """The page, with links to the entries' reports.  It is meant to lie in the output folder, as `class.html`."""
    people = [entry for entry in book.entries if entry.outcome == "needs_person"]
    failures = [entry for entry in book.entries if entry.outcome == "grader_error"]
    shares = [share for entry in book.entries if (share := _share(entry)) is not None]
    return page(
        "class.html",
        book=book,
        version=VERSION,
        numbers=_numbers(book, len(people), len(failures)),
        verified=verifications(entry.verification for entry in book.entries),
        scored=len(shares),
        spread=_spread(shares),
        histogram=histogram(shares, _most(book)),
        people=[(entry, _command(entry)) for entry in people],
        failures=failures,
        common=_common(book),
        late=[entry for entry in book.entries if entry.late],
        lists=_lists(book),
        rows=[(entry, *_result(entry)) for entry in book.entries],
        most_slugs=MOST_SLUGS,
    )


def _numbers(book: Gradebook, people: int, failures: int) -> list[tuple[int, str, str, str]]:
    """The counts of the head: how many, of what, in which colour and with which sign."""
    passed = sum(entry.passed is True for entry in book.entries)
    failed = sum(entry.passed is False for entry in book.entries)
    return [
        (passed, "passed", "passed", "✓"),
        (failed, "not passed", "failed", "✗"),
        (people, "need a person" if people != 1 else "needs a person", "could-not-check", "?"),
        (failures, "without a result", "note", "–"),
    ]


def _share(entry: Entry) -> float | None:
    """The share of the points that was reached; None where nobody has decided."""
    if entry.points is None or not math.isfinite(entry.points) or not entry.max > 0:
        return None
    return entry.points / entry.max


def _spread(shares: list[float]) -> str:
    """The median, in per cent."""
    if not shares:
        return ""
    middle = sorted(shares)[(len(shares) - 1) // 2 : len(shares) // 2 + 1]
    return f"median {number(100 * math.fsum(middle) / len(middle), 3)} %"


def _most(book: Gradebook) -> str:
    """What stands at the end of the histogram: the points there are, or "all" where they differ."""
    most = {entry.max for entry in book.entries}
    return counted(next(iter(most)), "point") if len(most) == 1 else "all points"


def _common(book: Gradebook) -> list[tuple[str, str, int, Markup]]:
    """The commonest findings: slug, title, how many submissions, and a bar."""
    counts = Counter(slug for entry in book.entries for slug in dict.fromkeys(entry.findings))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_COMMON]
    return [
        (slug, book.titles.get(slug, slug), count, bar(count / len(book.entries))) for slug, count in ranked
    ]


def _command(entry: Entry) -> str:
    """What settles this entry, to be copied into a shell."""
    student = shlex.quote(one_line(entry.student))
    # An argument that begins with a hyphen would be read as an option.
    name = f"-- {student}" if student.startswith("-") else student
    options = '--points N --reason "…"'
    return (
        f"grade override OUT {options} {name}" if name != student else f"grade override OUT {name} {options}"
    )


def _result(entry: Entry) -> tuple[str, str, str]:
    """The result in words, the status whose colour it has, and a sign."""
    if entry.passed:
        return "passed", "passed", STATUS_MARKS["passed"]
    words = RESULTS.get(entry.outcome, "not passed")
    if entry.outcome == "grader_error":
        return words, "note", "–"
    if entry.passed is None:
        return words, "could-not-check", STATUS_MARKS["could-not-check"]
    return words, "failed", STATUS_MARKS["failed"]


def _lists(book: Gradebook) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """What has no line in the table, or needs a look: id, title, remark and names."""
    lists = [
        ("unmatched", "Unmatched", "not on the roster; graded under their own name", book.unmatched),
        ("absent", "Absent", "on the roster, without a submission", book.absent),
        ("skipped", "Left aside", "files that were not graded", book.skipped),
    ]
    return [item for item in lists if item[3]]
