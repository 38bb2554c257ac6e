"""The roll of a batch: which stored submission is whose, kept with the database so that results can be shown again."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from pydantic import ValidationError
from sqlalchemy import Connection

from grader.errors import BadOutput
from grader.exercise import load_exercise
from grader.gradebook import Entry, Gradebook, slugs_of
from grader.models import Frozen, Report, verification_of
from grader.render.words import verification
from grader.store.notes import note, write_note

KEY = "roll"
LONGEST_NAME = 80
"""Bytes of a student's name that a file name takes over."""


class Place(Frozen):
    """One student of the class: `number` is the stored submission's, `stem` names the report's files."""

    student: str
    number: int
    stem: str
    file: str
    name: str = ""
    id: str = ""
    late: bool = False
    remark: str = ""


class Roll(Frozen):
    """The class as it was read last; the lists are as in `Gradebook`."""

    exercise: str
    places: tuple[Place, ...]
    unmatched: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def keep_roll(connection: Connection, roll: Roll) -> None:
    """Remember the roll."""
    write_note(connection, KEY, roll.model_dump_json())


def kept_roll(connection: Connection) -> Roll:
    """The roll that is remembered.  Raises BadOutput when there is none."""
    text = note(connection, KEY)
    try:
        return Roll.model_validate_json(text or "")
    except ValidationError as error:
        raise BadOutput("No class was graded in this folder yet.") from error


def stems(students: Iterable[str]) -> dict[str, str]:
    """A file name for each student, without suffix: their name where it can be one, else with a hash of it.

    No two are equal, also where upper and lower case are the same to the file system.
    """
    names = {student: _stem(student) for student in students}
    hashed = {student: f"{name}-{_hash(student)}" for student, name in names.items()}
    # A student may be called what another one's name with its hash is.
    taken = Counter(name.casefold() for name in (*names.values(), *hashed.values()))
    return {
        student: name if name == student and taken[name.casefold()] == 1 else hashed[student]
        for student, name in names.items()
    }


def _stem(student: str) -> str:
    """Letters, digits and . _ - of a name; no leading dot, no name that a system keeps for itself."""
    name = re.sub(r"[^\w.-]+", "_", student)
    name = name.encode()[:LONGEST_NAME].decode(errors="ignore").strip(".")
    reserved = re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name)
    return f"_{name}" if reserved or not name else name


def _hash(student: str) -> str:
    return hashlib.sha256(student.encode(errors="surrogatepass")).hexdigest()[:8]


def gradebook(roll: Roll, reports: Mapping[int, Report]) -> Gradebook:
    """The gradebook of a roll whose submissions all have reports (by `Place.number`)."""
    exercise = load_exercise(roll.exercise)
    found = [(place, reports[place.number]) for place in roll.places]
    return Gradebook(
        exercise=exercise.slug,
        exercise_title=exercise.title,
        exercise_version=exercise.version,
        entries=tuple(entry(place, report) for place, report in found),
        unmatched=roll.unmatched,
        absent=roll.absent,
        skipped=roll.skipped,
        titles={item.slug: item.title for _, report in found for item in report.findings},
    )


def entry(place: Place, report: Report) -> Entry:
    """One student's line."""
    return Entry(
        student=place.student,
        name=place.name,
        id=place.id,
        file=place.file,
        outcome=report.outcome,
        passed=report.passed,
        points=report.score.points,
        max=report.score.max,
        findings=slugs_of(report),
        verification=verification_of(report),
        late=place.late,
        overridden=report.override is not None,
        report=f"reports/{place.stem}.html",
        remark=" ".join(text for text in (_why(report), place.remark) if text),
    )


def _why(report: Report) -> str:
    """Why nobody has decided yet; "" where somebody has."""
    if report.outcome == "grader_error":
        return report.summary
    if report.outcome != "needs_person":
        return ""
    reasons = dict.fromkeys(
        row.reason
        for row in report.requirements
        if row.status == "could-not-check" and row.reason and not row.reason.startswith("waits for:")
    )
    told = [f"Could not be checked: {'; '.join(list(reasons)[:3])}."] if reasons else []
    found = report.verification
    if found is not None and found.status != "verified" and found.method != "none":
        told.append(verification(report))
    return " ".join(told) or report.summary
