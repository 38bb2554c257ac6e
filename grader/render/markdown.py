"""The report as GitHub-flavoured Markdown, for a pull request or an issue.

No text of a report's becomes markup, a link, HTML or a mention: punctuation that could mean something is escaped
(GFM §2.4), a zero-width space follows what GitHub would look up (@name, #12), and code is fenced by more
backticks than it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from grader.render.clean import clean, one_line
from grader.render.words import (
    BASES,
    BEATS,
    SEVERITIES,
    STATUS_MARKS,
    STATUSES,
    bound,
    counted,
    decided,
    facts,
    heading,
    meets,
    more_on,
    number,
    pattern_of,
    points_of,
    reason_of,
    seen,
    short_place,
    verification,
    where_of,
)

if TYPE_CHECKING:
    from grader.models import Beats, Finding, Measurement, Report, RequirementResult
    from grader.render.registry import Canvas

MOST_BEATS = 64
MOST_PLACES = 20
WIDEST = 200
PRINTED_LINES = 40
PRINTED_TEXT = 4_000
SIGNS = {"error": "❌", "warning": "⚠️", "note": "💡"}

# All of ASCII's punctuation but what means nothing in running text, so that the source stays readable.
_PUNCTUATION = re.compile(r"(?!(?<=\w)-(?=\w)|(?<!\d)[.:](?=\s|$)|(?<!\d)\)|[,'\";?%(])([!-/:-@\[-`{-~])")
_LOOKED_UP = re.compile(r"(?i)(\\[@#]|\bGH\\?-)")
_CODE = re.compile(r"`([^`\n]+)`")


def escape(text: str) -> str:
    """`text` on one line, as text and nothing else."""
    escaped = _PUNCTUATION.sub(r"\\\1", one_line(text))
    return _LOOKED_UP.sub(r"\1&#8203;", escaped)


def code(text: str, *, table: bool = False) -> str:
    """`text` on one line as a code span; "" stays empty.  In a table a bar has to be escaped even there."""
    line = one_line(text)
    if not line:
        return ""
    fence = "`" * (_longest(line) + 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    span = f"{fence}{pad}{line}{pad}{fence}"
    return span.replace("|", "\\|") if table else span


def prose(text: str, *, table: bool = False) -> str:
    """A sentence, escaped, in which what stands between backticks stays code."""
    parts = _CODE.split(one_line(text))
    shown = (code(part, table=table) if index % 2 else escape(part) for index, part in enumerate(parts))
    return "".join(_between(part, text) for part, text in zip(parts, shown, strict=True))


def fenced(text: str, language: str = "") -> str:
    """`text` as a code block, fenced by more backticks than it holds in a row."""
    fence = "`" * max(_longest(text) + 1, 3)
    return f"{fence}{language}\n{clean(text).rstrip()}\n{fence}"


def render(report: Report, canvas: Canvas) -> str:
    """The report as Markdown, blocks apart by empty lines."""
    return "\n\n".join(block for block in _blocks(report) if block) + "\n"


def _blocks(report: Report) -> Iterator[str]:
    head, detail = heading(report)
    yield f"## {head}: {points_of(report.score)}"
    who = [f"**{escape(report.exercise_title)}**", code(report.filename), code(report.student)]
    yield " · ".join(part for part in who if part)
    yield " ".join(part for part in (detail, prose(report.summary)) if part)
    yield " ".join(prose(remark) for remark in report.remarks)
    if report.override:
        yield f"> {prose(decided(report.override))}"
    if report.beats:
        yield from ("### The beat", _beats(report, report.beats))
    if report.findings:
        yield "### Findings"
        for finding in report.findings:
            yield from _finding(finding)
    if report.requirements:
        yield from ("### Rubric", _rubric(report.requirements))
    if report.measurement:
        yield from ("### Hidden test", _measurement(report.measurement))
    if sentence := verification(report):
        yield from ("### Verification", prose(sentence))
    if report.output.strip():
        yield from ("### Printed", _printed(report))
    yield f"<sub>{escape(facts(report))}</sub>"


def _beats(report: Report, beats: Beats) -> str:
    pattern = pattern_of(beats)
    strip = code(" ".join(pattern[:MOST_BEATS])) + (" …" if len(pattern) > MOST_BEATS else "")
    legend = []
    for beat in dict.fromkeys(pattern[:MOST_BEATS]):
        legend.append(f"{code(beat)} {escape(BEATS.get(beat, 'unknown'))}{where_of(beat, report)}")
    return f"{strip} {seen(beats)}\\\n{' · '.join(legend)}"


def _finding(finding: Finding) -> Iterator[str]:
    title = f"{SIGNS[finding.severity]} {prose(finding.title)}"
    yield f"#### {title}\n\n{SEVERITIES[finding.severity]} · {code(finding.slug)}"
    yield prose(finding.evidence)
    if finding.where:
        width = max(len(short_place(place)) for place in finding.where[:MOST_PLACES])
        lines = (
            f"{short_place(place):>{width}} | {clean(place.code)[:WIDEST].replace(chr(10), ' ').rstrip()}"
            for place in finding.where[:MOST_PLACES]
        )
        yield fenced("\n".join(lines), "python")
    if finding.why.strip():
        yield f"**Why.** {prose(finding.why)}"
    if finding.fix.strip():
        yield f"**Mend.** {prose(finding.fix)}"
    yield f"**More.** {code(more_on(finding.slug))}"
    if finding.basis == "unverified":
        yield BASES["unverified"]


def _rubric(rows: Iterable[RequirementResult]) -> str:
    lines = ["| | Requirement | Points |", "|---|---|---:|"]
    for row in rows:
        title = prose(row.title, table=True) + (" (required)" if row.required else "")
        if reason := reason_of(row):
            title += f"<br>{prose(reason, table=True)}"
        mark = f"{STATUS_MARKS[row.status]} {STATUSES[row.status]}"
        lines.append(f"| {mark} | {title} | {number(row.points)} / {number(row.max)} |")
    return "\n".join(lines)


def _measurement(measurement: Measurement) -> str:
    reason = f" {prose(measurement.reason)}" if measurement.reason.strip() else ""
    if measurement.value is None:
        return f"{escape(measurement.metric)} was not measured.{reason}"
    wanted = f"{bound(measurement)} {number(measurement.threshold)} was asked for"
    sign = "✓" if meets(measurement) else "✗"
    return (
        f"{sign} {escape(measurement.metric)} is **{number(measurement.value)}**; {wanted}."
        f" Measured on {counted(measurement.samples, 'sample')}. {BASES[measurement.basis]}{reason}"
    )


def _printed(report: Report) -> str:
    text = clean(report.output).strip("\n")
    lines = text[:PRINTED_TEXT].split("\n")[:PRINTED_LINES]
    cut = report.output_truncated or len("\n".join(lines)) < len(text)
    return fenced("\n".join(lines)) + ("\n\n… and more." if cut else "")


def _between(part: str, shown: str) -> str:
    """`shown` with the blanks that parted `part` from its neighbours."""
    if not shown:
        return " " if part else ""
    return (" " if part[0].isspace() else "") + shown + (" " if part[-1].isspace() else "")


def _longest(text: str) -> int:
    """The length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
