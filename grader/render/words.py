"""The words, signs and numbers that every rendering of a report shares."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from grader.cells import cell_of, is_notebook
from grader.models import VERIFICATIONS, CellPlace
from grader.render.clean import one_line

if TYPE_CHECKING:
    from grader.models import (
        Beats,
        Measurement,
        Override,
        Place,
        Report,
        RequirementResult,
        Score,
        VerificationName,
    )

BEATS = {
    "D": "draw",
    "Z": "zero_grad",
    "F": "forward",
    "f": "forward without gradient",
    "L": "loss",
    "B": "backward",
    "A": "autograd.grad",
    "C": "clip",
    "S": "step",
    "H": "scheduler step",
    "U": "unscale_",
    "K": "step left out by the scaler",
    "T": "scaler update",
}
VERDICTS = {
    "graded": "NOT PASSED",
    "student_error": "NOT PASSED: the program did not get through",
    "limit_exceeded": "NOT PASSED: a limit was exceeded",
    "needs_person": "NEEDS A PERSON",
    "grader_error": "NO RESULT: the grader failed",
}
SEVERITY_MARKS = {"error": "✗", "warning": "!", "note": "·"}
SEVERITIES = {"error": "Error", "warning": "Warning", "note": "Note"}
STATUS_MARKS = {"passed": "✓", "failed": "✗", "could-not-check": "?"}
STATUSES = {"passed": "passed", "failed": "failed", "could-not-check": "could not be checked"}
BASES = {
    "verified": "Verified: measured by a process that never ran this file.",
    "observed": "Observed, not verified.",
    "unverified": "Not verified: a person should look at it.",
}
"""How sure a statement is."""
VERIFIED: dict[VerificationName, str] = {
    "verified": "verified",
    "observed": "observed",
    "unverified": "unverified",
    "none": "without verification",
}
"""How far a run was verified, in a word or two."""


def number(value: float | None, digits: int = 5) -> str:
    """A number short enough to read: that many significant digits at most, no trailing zeros."""
    return "–" if value is None else f"{value:.{digits}g}"


def counted(count: float, noun: str) -> str:
    """ "1 step", "2,000 steps"."""
    amount = f"{count:,}" if isinstance(count, int) else number(count)
    return f"{amount} {noun}{'' if count == 1 else 's'}"


def verdict(report: Report) -> str:
    """The verdict in capitals, the first words of a report."""
    return "PASSED" if report.passed else VERDICTS[report.outcome]


def points_of(score: Score) -> str:
    """ "61 of 100 points", with a dash where a person has to decide."""
    return f"{number(score.points)} of {number(score.max)} points"


def seen(beats: Beats) -> str:
    """How often the beat was seen: "176 steps · 22 epochs"."""
    parts = [counted(beats.steps, "step")]
    if beats.epochs is not None:
        parts.append(counted(beats.epochs, "epoch"))
    return " · ".join(parts)


def pattern_of(beats: Beats) -> str:
    """The beat's letters alone."""
    return one_line(beats.pattern).replace(" ", "")


def lines_of(beat: str, beats: Beats) -> tuple[int, ...]:
    """The lines that a beat came from, each once, in order."""
    pairs = zip(pattern_of(beats), beats.lines, strict=False)
    return tuple(dict.fromkeys(line for letter, line in pairs if letter == beat and line > 0))


def more_on(slug: str) -> str:
    """The command that explains a finding."""
    return f"grade explain {one_line(slug)}"


def where_of(beat: str, report: Report, most: int = 4) -> str:
    """Where a beat came from: ", line 7", ", lines 7, 8", ", cell 3, line 2"; "" for none or for too many."""
    lines = lines_of(beat, report.beats) if report.beats else ()
    if not 0 < len(lines) <= most:
        return ""
    names = [short_line(report, line) for line in lines]
    if any(":" in name for name in names):
        cells = [name.split(":") for name in names]
        return f", {'; '.join(f'cell {cell}, line {line}' for cell, line in cells)}"
    return f", line{'' if len(names) == 1 else 's'} {', '.join(names)}"


def short_line(report: Report, line: int) -> str:
    """The number of a line of the report's source, or "cell:line" where that is a notebook's."""
    cell, within = cell_of(report.source.split("\n"), line) if is_notebook(report.filename) else (0, 0)
    return f"{cell}:{within}" if cell else str(line)


def short_place(place: Place) -> str:
    """A line's number, or cell and line: "12", "3:2"."""
    return f"{place.cell}:{place.cell_line}" if isinstance(place, CellPlace) else str(place.line)


def long_place(place: Place) -> str:
    """ "line 12", or "cell 3, line 2"."""
    if isinstance(place, CellPlace):
        return f"cell {place.cell}, line {place.cell_line}"
    return f"line {place.line}"


def reason_of(row: RequirementResult) -> str:
    """Why a line of the rubric is as it is; "" when there is nothing to say."""
    reason = one_line(row.reason) or one_line(", ".join(row.findings))
    return f"could not be checked: {reason}" if reason and row.status == "could-not-check" else reason


def bound(measurement: Measurement) -> str:
    """ "at least" or "at most"."""
    return "at least" if measurement.better == "higher" else "at most"


def meets(measurement: Measurement) -> bool:
    """Whether the measured value is good enough; False where there is none."""
    value = measurement.value
    if value is None or math.isnan(value):
        return False
    if measurement.better == "higher":
        return value >= measurement.threshold
    return value <= measurement.threshold


def decided(override: Override) -> str:
    """Who decided, when and why, on one line."""
    line = f"Decided by {one_line(override.who) or 'a person'}, {one_line(override.when)}"
    return f"{line}: {reason}" if (reason := one_line(override.reason)) else f"{line}."


def heading(report: Report) -> tuple[str, str]:
    """The verdict as a heading, and what it adds in a sentence or ""."""
    head, _, detail = verdict(report).partition(": ")
    return head.capitalize(), f"{detail[0].upper()}{detail[1:]}." if detail else ""


def verification(report: Report) -> str:
    """How far a run was verified, and which known bug comes to its numbers; "" where nothing is known of it."""
    told, named = _verified(report), report.verification.counterfactual if report.verification else None
    if named is None:
        return told
    text = one_line(named.text)
    return f"{told} {text[:1].upper()}{text[1:]} (distance {number(named.distance)})."


def _verified(report: Report) -> str:
    """How far a run was verified, in sentences; "" where nothing ran or nothing is known of it."""
    found = report.verification
    if found is None:
        if report.sandbox is None or report.sandbox.isolated:
            return ""
        return "Nothing was verified: the file ran on this machine as it is, where it could have changed anything."
    reason = one_line(found.reason)
    if found.status == "verified" and found.method == "answers":
        return "Verified: all that was handed back was compared with what a process computed that never ran this file."
    if found.status == "verified":
        return (
            f"Verified: a process that never ran this file did the same {counted(found.steps, 'step')}, "
            "and came to the same weights, bit by bit."
        )
    if found.status == "observed":
        return f"Observed, not verified{f': {reason}' if reason else ''}."
    return (
        "Not verified: a process that did what the run says it did came to something else"
        f"{f' ({reason})' if reason else ''}. That is no proof of a wrong, and no points are given or taken for it."
    )


def verifications(names: Iterable[VerificationName]) -> str:
    """ "58 verified, 2 observed": how many of a class were verified how far; only what there is."""
    counts = Counter(names)
    return ", ".join(f"{counts[name]:,} {VERIFIED[name]}" for name in VERIFICATIONS if counts[name])


def measured(report: Report) -> str:
    """The hidden test's number and how it came about, where there is more to say than the number; else ""."""
    found = report.measurement
    if found is None or found.value is None or not found.reason.strip():
        return ""
    return (
        f"Hidden test: {one_line(found.metric)} {number(found.value)}, {bound(found)} {number(found.threshold)} "
        f"wanted ({counted(found.samples, 'sample')}, {found.basis}). {one_line(found.reason)}"
    )


def method(report: Report) -> list[str]:
    """What was measured and how, in sentences."""
    if report.sandbox is None:
        return ["Nothing was measured."]
    box = report.sandbox
    apart = "isolated" if box.isolated else "not isolated"
    torch = f", with torch {one_line(box.torch)}" if box.torch else ""
    told = [
        f"The file ran in {one_line(box.launcher)} mode, {apart} from the grader{torch}. "
        f"The run took {box.seconds:.1f} s, the whole grading {report.seconds:.1f} s.",
        "While it ran, spies noted the order of the beats, and read gradients and parameters before and after "
        "backward passes and steps, in windows.",
    ]
    if report.measurement is not None and report.measurement.value is not None:
        told.append(
            one_line(report.measurement.reason)
            or "The hidden test measured the trained weights in another process, on data the file never saw."
        )
    told.append(
        "Observed: seen by those spies, in the process that ran the file, so it rests on that process's word. "
        "Verified: measured by a process that never ran it."
    )
    return told


def facts(report: Report) -> str:
    """Where it ran, for how long, and the report's id, on one line."""
    parts = []
    if sandbox := report.sandbox:
        isolation = "isolated" if sandbox.isolated else "not isolated"
        parts.append(f"Ran in {one_line(sandbox.launcher)} mode, {isolation}")
        if sandbox.torch:
            parts.append(f"torch {one_line(sandbox.torch)}")
    parts.append(f"{report.seconds:.1f} s")
    parts.append(f"report {one_line(report.report_id)}")
    return " · ".join(parts)
