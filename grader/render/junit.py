"""The report as JUnit XML, for a CI's table of tests: one testcase a requirement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from grader.models import verification_of
from grader.render.clean import clean, one_line
from grader.render.plain import finding_text, row_text, verdict_text
from grader.render.words import facts, measured, reason_of, verification

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from grader.models import Report, RequirementResult
    from grader.render.registry import Canvas

PRINTED_TEXT = 20_000

# Characters outside XML 1.0's Char production (§2.2).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, canvas: Canvas) -> str:
    """The report as one test suite."""
    suite = ElementTree.Element("testsuite", name=_xml(one_line(report.exercise)))
    _properties(suite, report)
    if report.outcome == "grader_error" or not report.requirements:
        _verdict(suite, report)
    for row in report.requirements:
        _case(suite, row, report)
    suite.set("tests", str(len(suite.findall("testcase"))))
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{kind}"))))
    suite.set("time", f"{report.seconds:.3f}")
    _text(suite, "system-out", _account(report))
    suites = ElementTree.Element("testsuites", dict(suite.attrib))
    suites.append(suite)
    ElementTree.indent(suites)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"
    )


def _properties(suite: Element, report: Report) -> None:
    properties = ElementTree.SubElement(suite, "properties")
    values = {
        "report": report.report_id,
        "outcome": report.outcome,
        "points": "" if report.score.points is None else f"{report.score.points:g}",
        "max": f"{report.score.max:g}",
        "file": report.filename,
        "student": report.student,
        "overridden": "true" if report.override else "false",
        "verification": verification_of(report),
    }
    for name, value in values.items():
        ElementTree.SubElement(properties, "property", name=name, value=_xml(one_line(value)))


def _case(suite: Element, row: RequirementResult, report: Report) -> None:
    """One requirement; could-not-check is skipped, as it is neither passed nor failed."""
    case = _testcase(suite, row.title, report)
    if row.status == "failed":
        _text(case, "failure", row_text(row, report), message=reason_of(row) or "failed")
    elif row.status == "could-not-check":
        ElementTree.SubElement(case, "skipped", message=_xml(reason_of(row) or "could not be checked"))


def _verdict(suite: Element, report: Report) -> None:
    """A testcase for the verdict itself, where no requirement carries it."""
    case = _testcase(suite, "Graded", report)
    summary = one_line(report.summary)
    if report.outcome == "grader_error":
        _text(case, "error", verdict_text(report), message=summary)
    elif report.passed is None:
        ElementTree.SubElement(case, "skipped", message=_xml(summary))
    elif not report.passed:
        _text(case, "failure", verdict_text(report), message=summary)


def _testcase(suite: Element, name: str, report: Report) -> Element:
    kind = _xml(one_line(report.exercise))
    return ElementTree.SubElement(suite, "testcase", classname=kind, name=_xml(one_line(name)))


def _account(report: Report) -> str:
    """The verdict, all findings, how far it was verified, and what was printed, as text."""
    found = [*map(finding_text, report.findings), measured(report), verification(report)]
    parts = [verdict_text(report), *(part for part in found if part), facts(report)]
    if printed := clean(report.output).strip("\n"):
        parts.append(f"What the code printed:\n{printed[:PRINTED_TEXT]}")
    return "\n\n".join(parts)


def _text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    child = ElementTree.SubElement(parent, tag, {key: _xml(value) for key, value in attributes.items()})
    child.text = _xml(text)


def _xml(text: str) -> str:
    return _FORBIDDEN.sub("", text)
