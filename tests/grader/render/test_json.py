"""The JSON report: the agreed keys, strict JSON, the same bytes every time."""

import json
import math

from grader.models import SCHEMA_VERSION, Measurement, Place, Report
from grader.render import render


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_keys_that_others_build_on_are_there(make_report):
    report = strict(render(make_report(), "json"))
    assert report["schema_version"] == SCHEMA_VERSION
    assert (report["exercise"], report["outcome"], report["passed"]) == ("mnist-from-memory", "graded", False)
    assert report["score"] == {"points": 4.0, "max": 10.0}
    finding = report["findings"][0]
    assert {"slug", "severity", "title", "evidence", "where", "why", "fix", "basis"} <= set(finding)
    assert finding["where"][0] == {"line": 12, "code": "loss.backward()"}


def test_a_report_read_back_is_the_same_report(make_report):
    report = make_report()
    assert Report.model_validate_json(render(report, "json")) == report


def test_the_keys_come_in_the_models_order_and_the_bytes_never_change(make_report):
    text = render(make_report(), "json")
    assert list(json.loads(text)) == list(Report.model_fields)
    assert text == render(make_report(), "json")


def test_numbers_that_json_does_not_know_are_null(make_report, make_finding):
    measurement = Measurement(
        metric="loss", value=math.inf, threshold=1.0, better="lower", samples=1, basis="observed"
    )
    finding = make_finding(numbers={"loss": math.nan, "step": 3})
    report = strict(
        render(make_report(losses=(1.0, math.nan), measurement=measurement, findings=(finding,)), "json")
    )
    assert report["losses"] == [1.0, None]
    assert report["measurement"]["value"] is None
    assert report["findings"][0]["numbers"] == {"loss": None, "step": 3}


def test_texts_are_cleaned_wherever_they_stand(make_report, make_finding):
    nasty = "a\x1b[31m\u202e\ud800b"
    finding = make_finding(evidence=nasty, where=(Place(line=1, code=nasty),), numbers={nasty: nasty})
    text = render(make_report(findings=(finding,), output=nasty, filename=nasty), "json")
    text.encode("utf-8")
    for sign in ("\x1b", "\\u001b", "\u202e", "\\u202e", "ud800"):
        assert sign not in text
    assert strict(text)["output"] == "ab"
    assert strict(text)["findings"][0]["numbers"] == {"ab": "ab"}
