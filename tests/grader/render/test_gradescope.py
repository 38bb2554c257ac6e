"""Gradescope's results.json: its keys and types, and no score where nobody decided."""

import json
import math

import pytest

from grader.models import Score
from grader.render import render
from tests.grader.render import hostile

KEYS = {
    *("score", "execution_time", "output", "output_format", "test_output_format", "test_name_format"),
    *("visibility", "tests", "extra_data"),
}


def results(report):
    return json.loads(render(report, "gradescope"))


def test_a_graded_report_has_its_score_and_a_test_per_requirement(make_report):
    shown = results(make_report())
    assert set(shown) == KEYS
    assert (shown["score"], shown["execution_time"], shown["visibility"]) == (4.0, 12.34, "visible")
    assert shown["output"].startswith("Not passed: 4 of 10 points\nThe gradients are never cleared.")
    passed, failed, unchecked = shown["tests"]
    assert passed == {
        "name": "Runs to its end",
        "number": "1",
        "visibility": "visible",
        "status": "passed",
        "score": 1.0,
        "max_score": 1.0,
        "output": "",
    }
    assert (failed["status"], failed["score"], failed["max_score"]) == ("failed", 0.0, 3.0)
    assert "Mend: Call optimizer.zero_grad()." in failed["output"]
    assert not {"status", "score", "max_score"} & set(unchecked)
    assert unchecked["output"] == "could not be checked: no loader was seen"
    assert shown["extra_data"]["report_id"] == "3f2a91bc"
    assert shown["extra_data"]["findings"] == ["missing-zero-grad"]


@pytest.mark.parametrize("outcome", ["needs_person", "grader_error"])
def test_without_a_decision_nothing_looks_like_a_zero(make_report, outcome):
    shown = results(make_report(outcome=outcome, passed=None, score=Score(points=None, max=10.0)))
    assert "score" not in shown
    assert all(not {"score", "max_score"} & set(test) for test in shown["tests"])
    assert "a person" in shown["output"].lower()


def test_a_finding_without_a_requirement_is_told_in_the_output(make_report, make_finding):
    note = make_finding(slug="sync-every-step", severity="note", title="A hint")
    assert "Note: A hint (sync-every-step)" in results(make_report(findings=(note,)))["output"]


def test_numbers_that_json_does_not_know_are_left_out(make_report):
    text = render(make_report(score=Score(points=math.nan, max=math.inf), seconds=math.inf), "gradescope")
    shown = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert "score" not in shown


def test_a_hostile_report_is_clean_text():
    text = render(hostile.report(), "gradescope")
    for sign in ("\u202e", "\\u202e", "\x1b", "\\u001b", "\\ud800"):
        assert sign not in text
    assert json.loads(text)["output_format"] == "text"


def test_points_that_could_not_be_checked_do_not_count_as_lost(make_report):
    report = make_report(score=Score(points=1.0, max=4.0))
    assert sum(row.max for row in report.requirements) == 5.5
    assert results(report)["score"] == 1.38
    assert results(report)["extra_data"]["max"] == 4.0


def test_a_stop_without_points_is_a_zero(make_report):
    assert results(make_report(outcome="student_error", score=Score(points=0.0, max=5.5)))["score"] == 0.0
