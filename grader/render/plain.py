"""Findings and verdicts as plain sentences, for systems that show text and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.render.clean import clean, one_line
from grader.render.words import BASES, SEVERITIES, decided, heading, long_place, more_on, points_of, reason_of

if TYPE_CHECKING:
    from grader.models import Finding, Report, RequirementResult

MOST_PLACES = 20
WIDEST = 200


def finding_text(finding: Finding) -> str:
    """A finding in full: title, evidence, lines, why and how to mend it."""
    lines = [f"{SEVERITIES[finding.severity]}: {one_line(finding.title)} ({one_line(finding.slug)})"]
    lines.append(one_line(finding.evidence))
    for place in finding.where[:MOST_PLACES]:
        lines.append(f"  {long_place(place)}: {one_line(place.code)[:WIDEST]}")
    if finding.why.strip():
        lines.append(f"Why: {one_line(finding.why)}")
    if finding.fix.strip():
        lines.append(f"Mend: {one_line(finding.fix)}")
    lines.append(f"More: {more_on(finding.slug)}")
    if finding.basis == "unverified":
        lines.append(BASES["unverified"])
    return "\n".join(line for line in lines if line)


def row_text(row: RequirementResult, report: Report) -> str:
    """Why a line of the rubric is as it is: its reason, and its findings in full."""
    own = [finding_text(finding) for finding in report.findings if finding.slug in row.findings]
    reason = reason_of(row)
    told = [reason] if reason and (row.reason.strip() or not own) else []
    return "\n\n".join([*told, *own])


def verdict_text(report: Report) -> str:
    """The verdict in a few lines, with who decided where a person has."""
    head, detail = heading(report)
    lines = [f"{head}: {points_of(report.score)}", detail, clean(report.summary).strip()]
    if report.override:
        lines.append(decided(report.override))
    lines += [one_line(remark) for remark in report.remarks]
    return "\n".join(line for line in lines if line)
