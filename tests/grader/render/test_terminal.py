"""The terminal report: verdict first, calm, within its width, and blind to tricks in student text."""

import math
import re

import pytest
from rich.cells import cell_len

from grader.models import Beats, Measurement, Override, Place, SandboxFacts, Score, overridden
from grader.render import Canvas, render

ESCAPE = "\x1b"


def show(report, width=80, color=False, unicode=True):
    return render(report, "terminal", Canvas(width, color, unicode))


def test_the_verdict_and_the_score_come_first(make_report):
    first = show(make_report()).splitlines()[0]
    assert first == "NOT PASSED   4 of 10 points"


@pytest.mark.parametrize(
    ("outcome", "passed", "points", "first"),
    [
        ("graded", True, 9.5, "PASSED   9.5 of 10 points"),
        ("student_error", False, 0.0, "NOT PASSED: the program did not get through   0 of 10 points"),
        ("limit_exceeded", False, 0.0, "NOT PASSED: a limit was exceeded   0 of 10 points"),
        ("needs_person", None, None, "NEEDS A PERSON   – of 10 points"),
        ("grader_error", None, None, "NO RESULT: the grader failed   – of 10 points"),
    ],
)
def test_every_outcome_has_its_words(make_report, outcome, passed, points, first):
    report = make_report(outcome=outcome, passed=passed, score=Score(points=points, max=10.0))
    assert show(report).splitlines()[0] == first


def test_who_decided_and_why_stands_under_the_verdict(make_report):
    decision = Override(
        points=9.0, passed=True, reason="It is\nright.", who="grace", when="2026-02-03T10:00:00Z"
    )
    lines = show(overridden(make_report(), decision)).splitlines()
    assert lines[0] == "PASSED   9 of 5.5 points"
    assert "Decided by grace, 2026-02-03T10:00:00Z: It is right." in lines


def test_the_beat_is_a_strip_with_a_legend(make_report):
    text = show(make_report())
    assert "  Z F L B S   470 steps · 5 epochs" in text
    assert "Z zero_grad, line 8" in text
    assert text.index("The beat") < text.index("Findings") < text.index("Rubric")


def test_a_beat_that_comes_twice_has_one_entry_with_both_lines(make_report):
    text = show(make_report(beats=Beats(pattern="FLBBS", lines=(3, 4, 5, 6, 7), steps=1)))
    assert "F L B B S   1 step\n" in text
    assert text.count("backward, lines 5, 6") == 1


def test_a_finding_shows_its_evidence_lines_reason_and_cure(make_report):
    text = show(make_report())
    for words in (
        "✗ Gradients are never cleared  missing-zero-grad",
        "At step 10 the optimizer used 10 gradients.",
        "12 │ loss.backward()",
        "13 │ optimizer.step()",
        "Why   PyTorch adds up.",
        "Mend  Call optimizer.zero_grad().",
    ):
        assert words in text


def test_the_rubric_tells_the_three_values_apart(make_report):
    text = show(make_report())
    assert re.search(r"✓ Runs to its end +1 / 1\n", text)
    assert re.search(r"✗ Clears once per step +0 / 3\n +missing-zero-grad\n", text)
    assert re.search(r"\? Keeps data apart +– / 1\.5\n +could not be checked: no loader was seen\n", text)


def test_the_hidden_number_stands_beside_its_threshold(make_report):
    assert "accuracy 0.8742, at least 0.915 wanted   5,000 samples, verified" in show(make_report())
    missing = Measurement(
        metric="accuracy",
        value=None,
        threshold=0.9,
        better="higher",
        samples=0,
        basis="observed",
        reason="no module could be chosen",
    )
    assert "accuracy was not measured: no module could be chosen" in show(make_report(measurement=missing))


def test_losses_are_drawn_between_the_first_and_the_last(make_report):
    assert re.search(r"2\.3 █[▁-█]{38}▁ 0\.08343\n", show(make_report()))
    assert "1 ▁×█ 2\n" in show(make_report(losses=(1.0, math.nan, 2.0)))


def test_only_the_first_printed_lines_are_shown(make_report):
    text = show(make_report())
    assert "│ epoch 12\n" in text
    assert "epoch 13" not in text
    assert "… 18 more lines" in text
    assert "more that was not kept" in show(make_report(output_truncated=True))


def test_where_it_ran_is_told(make_report):
    assert "Ran in docker mode, isolated · torch 2.13.0 · 12.3 s · report 3f2a91bc" in show(make_report())
    local = SandboxFacts(launcher="local", isolated=False)
    assert "Ran in local mode, not isolated · 12.3 s" in show(make_report(sandbox=local))


def test_what_is_absent_leaves_no_heading(make_report):
    bare = make_report(
        findings=(),
        requirements=(),
        measurement=None,
        beats=None,
        losses=(),
        output=" \n",
        sandbox=None,
        summary="",
    )
    assert show(bare).splitlines() == [
        "NOT PASSED   4 of 10 points",
        "MNIST from memory · loop.py · ada",
        "",
        "12.3 s · report 3f2a91bc",
    ]


@pytest.mark.parametrize("width", [24, 30, 40, 60, 80, 100])
def test_no_line_is_wider_than_the_terminal(make_report, make_finding, width):
    wide = "数" * 90 + "\t" + "x" * 300
    finding = make_finding(
        title=wide, evidence=wide, why=wide, fix=wide, where=(Place(line=12345, code=wide),)
    )
    for report in (make_report(), make_report(findings=(finding,), output=wide, summary=wide, filename=wide)):
        for line in show(report, width).splitlines():
            assert cell_len(line) <= width


def test_line_numbers_stay_however_long_the_code_is(make_report, make_finding):
    finding = make_finding(where=(Place(line=12, code="x" * 500), Place(line=120, code="y")))
    text = show(make_report(findings=(finding,)), 40)
    assert re.search(r"^ +12 │ x+…$", text, re.M)
    assert re.search(r"^ +120 │ y$", text, re.M)


def test_a_long_word_is_broken_and_not_cut(make_report, make_finding):
    text = show(make_report(findings=(make_finding(fix="a" * 60 + "z"),)), 40)
    assert text.count("a" * 20) >= 2
    assert "z" in text


def test_markup_in_student_text_is_only_text(make_report, make_finding):
    nasty = "[bold red]x[/] [link=http://evil]y[/link] :smile: [/nope]"
    finding = make_finding(title=nasty, evidence=nasty, where=(Place(line=1, code=nasty),))
    text = show(make_report(findings=(finding,), output=nasty), 200)
    assert text.count(nasty) == 4


def test_student_text_brings_no_escapes(make_report, make_finding):
    nasty = "a\x1b]0;title\x07\x1b[2J\u202eb\ud800"
    finding = make_finding(
        title=nasty, evidence=nasty, why=nasty, fix=nasty, where=(Place(line=1, code=nasty),)
    )
    text = show(
        make_report(
            findings=(finding,),
            output=nasty,
            filename=nasty,
            student=nasty,
            summary=nasty,
            exercise_title=nasty,
        )
    )
    text.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert text.count("ab") >= 9


def test_colour_only_when_the_canvas_has_it(make_report):
    assert ESCAPE not in show(make_report())
    assert f"{ESCAPE}[1;31mNOT PASSED" in show(make_report(), color=True)
    assert (
        re.sub(r"\x1b\[[0-9;]*m", "", show(make_report(), color=True)).split() == show(make_report()).split()
    )


def test_the_environment_does_not_change_the_text(make_report, monkeypatch):
    plain = show(make_report())
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "31", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
        assert show(make_report()) == plain


def test_without_unicode_everything_is_ascii(make_report):
    text = show(make_report(student="Gödel"), unicode=False)
    assert text.isascii()
    assert "x Gradients are never cleared" in text
    assert "12 | loss.backward()" in text


def test_no_line_ends_in_spaces(make_report):
    assert not re.search(r" $", show(make_report()), re.M)
