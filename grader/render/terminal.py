"""The report for a terminal: the verdict first, then the beat, the findings, and what they rest on.

Student text only ever becomes a `rich.text.Text`, never markup, and passes `clean` before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.render.clean import clean, one_line
from grader.render.screen import columns, printed
from grader.render.spark import sparkline
from grader.render.words import (
    BEATS,
    SEVERITY_MARKS,
    STATUS_MARKS,
    bound,
    decided,
    facts,
    meets,
    more_on,
    number,
    pattern_of,
    points_of,
    reason_of,
    seen,
    short_place,
    verdict,
    verification,
    where_of,
)

if TYPE_CHECKING:
    from grader.models import Beats, Finding, Measurement, Report, RequirementResult
    from grader.render.registry import Canvas

OUTPUT_LINES = 12
SPARK_WIDTH = 40

SEVERITY_COLORS = {"error": "red", "warning": "yellow", "note": "blue"}
STATUS_COLORS = {"passed": "green", "failed": "red", "could-not-check": "yellow"}


def render(report: Report, canvas: Canvas) -> str:
    """The report as lines of at most `canvas.width` columns (24 at least)."""
    return printed(Group(*_sections(report, columns(canvas))), canvas)


def _sections(report: Report, width: int) -> Iterator[RenderableType]:
    yield _verdict(report)
    if report.beats:
        yield from _section("The beat", _beats(report, report.beats))
    if report.findings:
        yield from _section("Findings", _spaced(_finding(finding) for finding in report.findings))
    if report.requirements:
        yield from _section("Rubric", _rubric(report.requirements))
    if report.measurement:
        yield from _section("Hidden test", _measurement(report.measurement))
    if sentence := verification(report):
        yield from _section("Verification", Text(sentence))
    if report.losses:
        yield from _section("Loss", _losses(report.losses, width))
    if report.output.strip():
        yield from _section("What your code printed", _output(report))
    yield Text()
    yield Text(facts(report), style="dim")


def _section(title: str, body: RenderableType) -> Iterator[RenderableType]:
    yield Text()
    yield Text(title, style="bold cyan")
    yield Padding(body, (0, 0, 0, 2))


def _spaced(blocks: Iterable[RenderableType]) -> RenderableType:
    """The blocks with an empty line between them."""
    parts: list[RenderableType] = []
    for block in blocks:
        parts += [Text(), block] if parts else [block]
    return Group(*parts)


def _verdict(report: Report) -> RenderableType:
    color = "green" if report.passed else ("yellow" if report.passed is None else "red")
    head = Text(verdict(report), style=f"bold {color}")
    head.append(f"   {points_of(report.score)}", style="bold")
    name = Text(one_line(report.exercise_title) or one_line(report.exercise))
    name.append(f" · {one_line(report.filename)}", style="dim")
    if report.student:
        name.append(f" · {one_line(report.student)}", style="dim")
    parts: list[RenderableType] = [head, name]
    if report.summary.strip():
        parts += [Text(), Text(clean(report.summary).strip())]
    if report.override:
        parts.append(Text(decided(report.override)))
    parts += [Text(one_line(remark), style="dim") for remark in report.remarks]
    return Group(*parts)


def _beats(report: Report, beats: Beats) -> RenderableType:
    pattern = pattern_of(beats)
    colors = {"Z": "magenta", "B": "yellow", "S": "green"}
    strip = Text()
    for index, beat in enumerate(pattern):
        strip.append(" " if index else "")
        strip.append(beat, style=f"bold {colors.get(beat, '')}".strip())
    strip.append(f"   {seen(beats)}", style="dim")
    return Group(strip, Columns(_legend(report, beats), padding=(0, 3)))


def _legend(report: Report, beats: Beats) -> Iterator[Text]:
    """What each beat is and the lines it came from, each beat once."""
    for beat in dict.fromkeys(pattern_of(beats)):
        yield Text(f"{beat} {BEATS.get(beat, 'unknown')}{where_of(beat, report)}", style="dim")


def _finding(finding: Finding) -> RenderableType:
    mark, color = SEVERITY_MARKS[finding.severity], SEVERITY_COLORS[finding.severity]
    title = Text(f"{one_line(finding.title)}", style="bold")
    title.append(f"  {one_line(finding.slug)}", style="not bold dim")
    parts: list[RenderableType] = [title, Text(clean(finding.evidence).strip())]
    if finding.where:
        parts.append(_code(finding))
    for label, text in (("Why", finding.why), ("Mend", finding.fix), ("More", more_on(finding.slug))):
        if text.strip():
            parts.append(_labelled(label, clean(text).strip()))
    if finding.basis == "unverified":
        parts.append(_labelled("Note", "This could not be verified; a person should look at it."))
    return _marked(Text(mark, style=f"bold {color}"), Group(*parts))


def _marked(mark: Text, body: RenderableType) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    grid.add_row(mark, body)
    return grid


def _labelled(label: str, text: str) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=4)
    grid.add_column(overflow="fold")
    grid.add_row(Text(label, style="dim"), Text(text))
    return grid


def _code(finding: Finding) -> RenderableType:
    """The offending lines with their numbers, as wide as the terminal allows."""
    grid = Table.grid(padding=(0, 1))
    digits = max(len(short_place(place)) for place in finding.where)
    grid.add_column(justify="right", style="dim", width=max(digits, 4))
    grid.add_column(style="dim", width=1)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.expand = True
    for place in finding.where:
        code = clean(place.code).replace("\n", " ").expandtabs(4).rstrip()
        grid.add_row(short_place(place), "│", Text(code, style="cyan"))
    return grid


def _rubric(rows: Iterable[RequirementResult]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(justify="right", no_wrap=True)
    grid.expand = True
    for row in rows:
        mark, color = STATUS_MARKS[row.status], STATUS_COLORS[row.status]
        title = Text(one_line(row.title))
        if row.required:
            title.append(" (required)", style="dim")
        if reason := reason_of(row):
            title.append(f"\n{reason}", style="dim")
        points = Text(f"{number(row.points)} / {number(row.max)}")
        grid.add_row(Text(mark, style=f"bold {color}"), title, points)
    return grid


def _measurement(measurement: Measurement) -> RenderableType:
    name = one_line(measurement.metric)
    if measurement.value is None:
        return Text(f"{name} was not measured" + _because(measurement.reason))
    text = Text(f"{name} ")
    text.append(number(measurement.value), style=f"bold {'green' if meets(measurement) else 'red'}")
    text.append(f", {bound(measurement)} {number(measurement.threshold)} wanted")
    text.append(f"   {measurement.samples:,} samples, {measurement.basis}", style="dim")
    return Group(text, Text(one_line(measurement.reason), style="dim")) if measurement.reason else text


def _because(reason: str) -> str:
    return f": {one_line(reason)}" if reason.strip() else "."


def _losses(losses: tuple[float | None, ...], width: int) -> RenderableType:
    first, last = number(losses[0], 4), number(losses[-1], 4)
    text = Text(f"{first} ")
    text.append(sparkline(losses, min(SPARK_WIDTH, width - len(first) - len(last) - 4)), style="cyan")
    return text.append(f" {last}")


def _output(report: Report) -> RenderableType:
    """The first lines printed, each cut to the width."""
    lines = clean(report.output).strip("\n").split("\n")
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", width=1)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.expand = True
    for line in lines[:OUTPUT_LINES]:
        grid.add_row("│", Text(line.expandtabs(4).rstrip()))
    more = len(lines) - OUTPUT_LINES
    if more > 0 or report.output_truncated:
        hidden = f"{more:,} more line{'' if more == 1 else 's'}" if more > 0 else "more"
        cut = ", and more that was not kept" if report.output_truncated and more > 0 else ""
        grid.add_row("", Text(f"… {hidden}{cut}", style="dim"))
    return grid
