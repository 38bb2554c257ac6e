"""JUnit XML: counts that add up, and well-formed whatever the texts are."""

from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.models import Score
from grader.render import render
from tests.grader.render import hostile


def suite(report):
    return ElementTree.fromstring(render(report, "junit").encode()).find("testsuite")


def counts(found):
    return tuple(int(found.get(name)) for name in ("tests", "failures", "errors", "skipped"))


def test_requirements_are_testcases(make_report):
    found = suite(make_report())
    assert counts(found) == (3, 1, 0, 1)
    passed, failed, unchecked = found.findall("testcase")
    assert (passed.get("name"), passed.get("classname"), len(passed)) == (
        "Runs to its end",
        "mnist-from-memory",
        0,
    )
    assert failed.find("failure").get("message") == "missing-zero-grad"
    assert "Why: PyTorch adds up." in failed.find("failure").text
    assert unchecked.find("skipped").get("message") == "could not be checked: no loader was seen"
    assert "Not passed: 4 of 10 points" in found.find("system-out").text
    assert "epoch 30" in found.find("system-out").text
    properties = {item.get("name"): item.get("value") for item in found.find("properties")}
    assert (properties["points"], properties["max"], properties["outcome"]) == ("4", "10", "graded")


def test_our_failure_is_an_error_and_no_failure(make_report):
    failed = make_report(
        outcome="grader_error", passed=None, score=Score(points=None, max=10.0), requirements=(), findings=()
    )
    assert counts(suite(failed)) == (1, 0, 1, 0)


@pytest.mark.parametrize(
    ("outcome", "passed", "wanted"),
    [("graded", True, (1, 0, 0, 0)), ("graded", False, (1, 1, 0, 0)), ("needs_person", None, (1, 0, 0, 1))],
)
def test_without_requirements_the_verdict_is_the_testcase(make_report, outcome, passed, wanted):
    assert counts(suite(make_report(outcome=outcome, passed=passed, requirements=()))) == wanted


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=[]), max_size=40))
def test_it_is_well_formed_whatever_the_texts_are(make_report, make_finding, text):
    finding = make_finding(title=text, evidence=text)
    assert counts(suite(make_report(findings=(finding,), summary=text, output=text, student=text)))[0] == 3


def test_a_hostile_report_is_well_formed():
    found = suite(hostile.report())
    assert counts(found) == (15, 5, 0, 5)
    assert {part.tag for part in found.iter()} == {
        *("testsuite", "properties", "property", "testcase", "failure", "skipped", "system-out")
    }
