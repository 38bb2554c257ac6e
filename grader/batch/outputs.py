"""What a batch leaves for people: a report in two formats for each student, the gradebook, the class page.

All of it is made from the database, so it can be made again at any time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from grader.batch.folder import REPORTS, Folder
from grader.batch.roll import Place, Roll, gradebook, kept_roll
from grader.errors import MetronomeError
from grader.files import replace_file
from grader.gradebook import Gradebook
from grader.models import VERIFICATIONS, Frozen, Report
from grader.render import render
from grader.render.classpage import render_class
from grader.render.csv import render_csv
from grader.store import results
from grader.store.notes import note, write_note
from grader.version import VERSION

FACTS = "last run"


class RunFacts(Frozen):
    """What only the run itself knows: where it ran, when it began (seconds since the epoch), how long it took."""

    sandbox: str
    started: float
    seconds: float
    graded: int
    kept: int


def write_all(folder: Folder, facts: RunFacts | None = None) -> Gradebook | None:
    """Write every report that is not there as it should be, then the gradebook in its three forms.

    Without `facts` those of the last run are taken.  Of a batch that was stopped the reports are written
    alone, and there is no gradebook (None).  Raises MetronomeError when a file cannot be written.
    """
    with folder.database.write() as connection:
        if facts is not None:
            write_note(connection, FACTS, facts.model_dump_json())
        noted = note(connection, FACTS)
        roll = kept_roll(connection)
        reports = dict(results.reports_of(connection, [place.number for place in roll.places]))
    for place in roll.places:
        if place.number in reports:
            write_report(folder.path, place, reports[place.number])
    if noted is None or len(reports) < len(roll.places):
        return None
    known = RunFacts.model_validate_json(noted)
    book = gradebook(roll, reports)
    _write(folder.path / "class.html", render_class(book))
    _write(folder.path / "summary.json", _json(summary(book, known, roll, reports)))
    _write(folder.path / "grades.csv", render_csv(book))
    return book


def write_report(folder: Path, place: Place, report: Report) -> None:
    """A student's report, as HTML and then as JSON: where the JSON is right, the HTML is there."""
    page, data = (folder / REPORTS / f"{place.stem}.{kind}" for kind in ("html", "json"))
    text = render(report, "json")
    if page.is_file() and data.is_file() and data.read_bytes() == text.encode(errors="replace"):
        return
    _write(page, render(report, "html"))
    _write(data, text)


def summary(book: Gradebook, facts: RunFacts, roll: Roll, reports: Mapping[int, Report]) -> dict[str, object]:
    """What summary.json says: counts, times in seconds and UTC, and what could not be matched."""
    verified = Counter(item.verification for item in book.entries)
    return {
        "exercise": book.exercise,
        "exercise_version": book.exercise_version,
        "grader_version": VERSION,
        "sandbox": facts.sandbox,
        "submissions": len(book.entries),
        "passed": sum(item.passed is True for item in book.entries),
        "not_passed": sum(item.passed is False for item in book.entries),
        "verification": {name: verified[name] for name in VERIFICATIONS},
        "needs_person": [item.student for item in book.entries if item.outcome == "needs_person"],
        "grader_error": [item.student for item in book.entries if item.outcome == "grader_error"],
        "overridden": [item.student for item in book.entries if item.overridden],
        "late": [item.student for item in book.entries if item.late],
        "unmatched": list(book.unmatched),
        "absent": list(book.absent),
        "skipped": list(book.skipped),
        "graded_in_last_run": facts.graded,
        "kept_in_last_run": facts.kept,
        "started_at": _utc(facts.started),
        "finished_at": _utc(facts.started + facts.seconds),
        "seconds": round(facts.seconds, 2),
        "verification_each": {item.student: item.verification for item in book.entries},
        "seconds_each": {place.student: reports[place.number].seconds for place in roll.places},
    }


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    try:
        replace_file(path, text.encode(errors="replace"))
    except OSError as error:
        raise MetronomeError(f"{path} could not be written: {error.strerror}.") from error
