"""The report as one HTML file that needs nothing else: to read on a phone, to print, to send."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from grader.cells import cell_of, is_notebook
from grader.render.chart import loss_chart, ring, threshold_chart
from grader.render.clean import clean
from grader.render.listing import Listing, listing
from grader.render.page import page
from grader.render.scale import scale_for
from grader.render.series import SMOOTHED_FROM, Series, series
from grader.render.words import BEATS, counted, heading, meets, number, pattern_of, short_place

if TYPE_CHECKING:
    from grader.models import Beats, Finding, Report, Score
    from grader.render.registry import Canvas

MOST_BEATS = 64
MOST_FINDINGS = 200
MOST_PLACES = 20
"""Lines quoted for one finding."""
WIDEST_QUOTE = 400
PRINTED_LINES = 400
PRINTED_TEXT = 20_000
NO_TEXT = hashlib.sha256(b"").hexdigest()
ABSENT = {"missing-zero-grad": "Z", "missing-backward": "B", "missing-step": "S"}
"""Findings that say of a beat that it is not there."""
RANK = ("error", "warning", "note")


@dataclass(frozen=True)
class Beat:
    """One box of the strip; a `ghost` is a beat that should be there and is not."""

    letter: str
    name: str
    line: int = 0
    ghost: bool = False

    @property
    def known(self) -> bool:
        """Whether it is one of ours, with a colour of its own."""
        return self.letter in BEATS


@dataclass(frozen=True)
class Quote:
    """A line that a finding quotes."""

    line: int
    code: str
    name: str = ""


@dataclass(frozen=True)
class Shown:
    """A finding with the lines that it quotes."""

    finding: Finding
    places: tuple[Quote, ...]


def render(report: Report, canvas: Canvas) -> str:
    """The report as a page of HTML.  Whatever it holds is shown as text and never acts as markup."""
    findings = [Shown(finding, _quotes(finding)) for finding in report.findings[:MOST_FINDINGS]]
    hits, remarks = _highlights(findings)
    source = listing(report.source, remarks)
    line = series(report.losses, report.loss_steps)
    head, detail = heading(report)
    printed, printed_more = _printed(report)
    return page(
        "report.html",
        report=report,
        head=head,
        detail=detail,
        tone="good" if report.passed else "open" if report.passed is None else "bad",
        ring=_ring(report.score),
        beats=_beats(report),
        more_beats=len(pattern_of(report.beats)[MOST_BEATS:]) if report.beats else 0,
        findings=findings,
        more_findings=len(report.findings) - len(findings),
        tally=_tally(report.findings),
        listing=source,
        shown=source.numbers(),
        names=_names(report, source),
        hits=hits,
        empty=report.sha256 == NO_TEXT,
        meets=report.measurement is not None and meets(report.measurement),
        threshold=threshold_chart(report.measurement) if report.measurement else "",
        loss=line,
        chart=loss_chart(line),
        caption=_caption(line),
        printed=printed,
        printed_more=printed_more,
    )


def _names(report: Report, source: Listing) -> dict[int, str]:
    """What each line shown is called, where that is not its number: lines of notebooks."""
    if not is_notebook(report.filename):
        return {}
    lines = report.source.split("\n")
    cells = {line: cell_of(lines, line) for line in source.numbers()}
    return {line: f"{cell}:{within}" if within else "" for line, (cell, within) in cells.items() if cell}


def _ring(score: Score) -> Markup:
    share = None if score.points is None else score.points / score.max if score.max else 0.0
    return ring(share, number(score.points), f"of {number(score.max)}")


def _beats(report: Report) -> list[Beat]:
    beats = report.beats
    if beats is None:
        return []
    pattern = pattern_of(beats)
    strip = [_beat(index, letter, beats) for index, letter in enumerate(pattern[:MOST_BEATS])]
    absent = {ABSENT[finding.slug] for finding in report.findings if finding.slug in ABSENT}
    ghosts = [Beat(letter, BEATS[letter], ghost=True) for letter in sorted(absent - set(pattern))]
    return strip + ghosts


def _beat(index: int, letter: str, beats: Beats) -> Beat:
    line = beats.lines[index] if index < len(beats.lines) else 0
    return Beat(letter, BEATS.get(letter, "unknown"), line)


def _quotes(finding: Finding) -> tuple[Quote, ...]:
    """The quoted lines without the indentation they have in common."""
    codes = [
        clean(place.code).replace("\n", " ").expandtabs(4).rstrip() for place in finding.where[:MOST_PLACES]
    ]
    indent = min((len(code) - len(code.lstrip()) for code in codes if code), default=0)
    return tuple(
        Quote(
            place.line,
            code[indent : indent + WIDEST_QUOTE] + ("…" if len(code) > indent + WIDEST_QUOTE else ""),
            short_place(place),
        )
        for place, code in zip(finding.where, codes, strict=False)
    )


def _highlights(findings: Sequence[Shown]) -> tuple[dict[int, str], dict[int, list[int]]]:
    """For each line that a finding quotes: the worst severity, and the findings to name under it.

    A finding is named once under lines that follow one another.
    """
    hits: dict[int, str] = {}
    remarks: dict[int, list[int]] = {}
    for index, item in enumerate(findings):
        lines = {place.line for place in item.finding.where}
        for line in sorted(lines):
            severity = item.finding.severity
            hits[line] = min(hits.get(line, severity), severity, key=RANK.index)
            under = remarks.setdefault(line, [])
            if line + 1 not in lines:
                under.append(index)
    return hits, remarks


def _tally(findings: Sequence[Finding]) -> str:
    """ "1 error · 2 notes"."""
    counts = {severity: sum(item.severity == severity for item in findings) for severity in RANK}
    return " · ".join(counted(count, severity) for severity, count in counts.items() if count)


def _caption(line: Series) -> str:
    """What the curve shows, and what it leaves out."""
    if not line.finite():
        return "None of the losses was a finite number."
    parts = [f"Each backward pass’s loss, from {_loss(line.first)} to {_loss(line.last)}"]
    if len(line.points) >= SMOOTHED_FROM:
        parts[0] += "; the strong line is a running mean"
    if scale_for(line.finite()).log:
        parts.append("The scale is logarithmic")
    if line.gaps:
        steps = ", ".join(f"{step:,}" for step in line.gaps[:3])
        more = f" and {len(line.gaps) - 3:,} more" if len(line.gaps) > 3 else ""
        word = "step" if len(line.gaps) == 1 else "steps"
        parts.append(f"× marks where it was not a finite number: {word} {steps}{more}")
    return ". ".join(parts) + "."


def _loss(value: float | None) -> str:
    return "what is no number" if value is None else number(value, 4)


def _printed(report: Report) -> tuple[str, str]:
    """The beginning of what was printed, and what is missing of it."""
    text = clean(report.output).strip("\n")
    lines = text[:PRINTED_TEXT].split("\n")
    shown = "\n".join(line.rstrip() for line in lines[:PRINTED_LINES])
    left = len(text) - len("\n".join(lines[:PRINTED_LINES]))
    missing = [f"{counted(left, 'more character')} not shown here"] if left > 0 else []
    if report.output_truncated:
        missing.append("more was printed than was kept")
    return (shown if shown.strip() else ""), (f"… {', and '.join(missing)}." if missing else "")
