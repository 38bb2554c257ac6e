"""Words, signs and numbers that all formats share."""

import pytest

from grader.models import Beats, Counterfactual, Measurement, Override, SandboxFacts, Verification
from grader.render.registry import Canvas, render
from grader.render.words import (
    bound,
    counted,
    decided,
    heading,
    lines_of,
    measured,
    meets,
    number,
    verification,
    verifications,
)


def test_numbers_are_short():
    assert [number(value) for value in (None, 1.0, 0.874249, 1e-9, 123456.0)] == [
        *("–", "1", "0.87425", "1e-09", "1.2346e+05")
    ]
    assert [counted(1, "step"), counted(2000, "step"), counted(1.5, "epoch")] == [
        *("1 step", "2,000 steps", "1.5 epochs")
    ]


def test_a_beats_lines_are_its_own():
    beats = Beats(pattern="F L BBS", lines=(3, 4, 5, 6, -1), steps=1)
    assert [lines_of(beat, beats) for beat in "FBSX"] == [(3,), (5, 6), (), ()]


@pytest.mark.parametrize(
    ("value", "better", "good"),
    [(0.9, "higher", True), (0.8, "higher", False), (0.9, "lower", True), (1.0, "lower", False)],
)
def test_a_value_meets_its_threshold_or_not(value, better, good):
    measurement = Measurement(
        metric="m", value=value, threshold=0.9, better=better, samples=1, basis="observed"
    )
    assert meets(measurement) is good
    assert not meets(measurement.model_copy(update={"value": None}))
    assert not meets(measurement.model_copy(update={"value": float("nan")}))
    assert bound(measurement) == {"higher": "at least", "lower": "at most"}[better]


def test_a_decision_is_one_line():
    decision = Override(points=1.0, passed=True, reason="It\nis right.", who="grace", when="today")
    assert decided(decision) == "Decided by grace, today: It is right."
    assert decided(decision.model_copy(update={"reason": " ", "who": ""})) == "Decided by a person, today."


def test_a_heading_parts_the_verdict_from_its_detail(make_report):
    assert heading(make_report()) == ("Not passed", "")
    assert heading(make_report(outcome="limit_exceeded")) == ("Not passed", "A limit was exceeded.")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            Verification(status="verified", method="replay", steps=1, distance=0.0),
            "did the same 1 step, and came",
        ),
        (Verification(status="verified", method="answers"), "compared with what a process computed"),
        (Verification(status="observed", method="none"), "Observed, not verified."),
        (
            Verification(status="observed", method="replay", reason="a\nhook"),
            "Observed, not verified: a hook.",
        ),
        (
            Verification(status="unverified", method="replay", reason="x differs"),
            "something else (x differs). That",
        ),
    ],
)
def test_how_far_a_run_was_verified_is_told_in_words(make_report, found, words):
    assert words in verification(make_report(verification=found))


def test_of_what_ran_unisolated_is_said_that_nothing_was_verified(make_report):
    box = SandboxFacts(launcher="local", isolated=False)
    assert verification(make_report(sandbox=box)).startswith("Nothing was verified")
    assert verification(make_report(sandbox=SandboxFacts(launcher="docker", isolated=True))) == ""
    assert verification(make_report(sandbox=None)) == ""


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["observed", *["verified"] * 58, "observed"], "58 verified, 2 observed"),
        (
            ["none", "unverified", "observed", "verified"],
            "1 verified, 1 observed, 1 unverified, 1 without verification",
        ),
        (["none"] * 1200, "1,200 without verification"),
        ([], ""),
    ],
)
def test_a_class_is_counted_by_how_far_it_was_verified_and_only_what_there_is(names, words):
    assert verifications(names) == words


def test_the_known_bug_that_comes_to_the_same_numbers_is_told_after_it(make_report):
    named = Counterfactual(
        slug="double-step", slugs=("double-step",), text="the weights are what\n<it> computes", distance=0.0
    )
    found = Verification(status="observed", method="none", reason="a hook", counterfactual=named)
    assert verification(make_report(verification=found)) == (
        "Observed, not verified: a hook. The weights are what <it> computes (distance 0)."
    )


@pytest.mark.parametrize(("value", "reason"), [(None, "it hangs"), (0.9, ""), (0.9, "  ")])
def test_of_a_hidden_test_without_more_to_say_nothing_more_is_said(make_report, value, reason):
    report = make_report()
    found = report.measurement.model_copy(update={"value": value, "reason": reason})
    assert measured(report.model_copy(update={"measurement": found})) == ""
    assert measured(report.model_copy(update={"measurement": None})) == ""


@pytest.mark.parametrize("form", ["gradescope", "junit", "markdown", "html", "terminal", "json"])
def test_how_a_number_came_about_is_said_in_every_format(make_report, form):
    report = make_report()
    found = report.measurement.model_copy(update={"reason": "The model answered in a second run."})
    shown = render(report.model_copy(update={"measurement": found}), form, Canvas(width=200))
    assert "The model answered in a second run." in " ".join(shown.split())
    assert "measured the trained weights in another process" not in shown
