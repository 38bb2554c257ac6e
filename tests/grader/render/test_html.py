"""The HTML report: whole, inert, accessible, and clear about which line is meant."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.models import Measurement, Override, Place, Score, overridden
from grader.render import render
from grader.render.page import TEMPLATES
from tests.grader.render import hostile
from tests.grader.render.markup import Page, assert_inert, assert_links_lead_somewhere

SOURCE = "\n".join(
    ["import torch", "", "def train():", *["    pass"] * 8, "    loss.backward()", "    optimizer.step()"]
)


def page(report):
    return Page(render(report, "html"))


@pytest.mark.parametrize(
    ("outcome", "passed", "points", "words"),
    [
        ("graded", True, 9.5, ["Passed", "9.5 of 10"]),
        ("graded", False, 4.0, ["Not passed", "4 of 10"]),
        ("student_error", False, 0.0, ["Not passed", "The program did not get through."]),
        ("limit_exceeded", False, 0.0, ["Not passed", "A limit was exceeded."]),
        ("needs_person", None, None, ["Needs a person", "– of 10"]),
        (
            "grader_error",
            None,
            None,
            ["No result", "The grader failed.", "This says nothing about the file."],
        ),
    ],
)
def test_every_outcome_has_its_words(make_report, outcome, passed, points, words):
    text = page(make_report(outcome=outcome, passed=passed, score=Score(points=points, max=10.0))).text
    for word in words:
        assert word in text


def test_all_parts_of_a_report_are_there(make_report):
    text = page(make_report(source=SOURCE)).text
    for words in (
        "MNIST from memory",
        "loop.py",
        "ada",
        "470 steps · 5 epochs",
        "Gradients are never cleared",
        "missing-zero-grad",
        "At step 10 the optimizer used 10 gradients.",
        "PyTorch adds up.",
        "Call optimizer.zero_grad().",
        "Observed, not verified.",
        "Clears once per step",
        "could not be checked: no loader was seen",
        "accuracy is 0.8742 ; at least 0.915 was asked for.",
        "5,000 samples",
        "Each backward pass’s loss, from 2.3 to 0.08343",
        "epoch 30",
        "The file ran in docker mode, isolated from the grader, with torch 2.13.0.",
        "ab" * 32,
        "Metronome 0.1.0",
    ):
        assert words in text


def test_a_person_and_the_reason_are_named_where_one_decided(make_report):
    decision = Override(
        points=5.0, passed=True, reason="It is right.", who="grace", when="2026-02-03T10:00:00Z"
    )
    text = page(overridden(make_report(), decision)).text
    assert "Decided by grace It is right. 2026-02-03T10:00:00Z" in text
    assert "Decided by" not in page(make_report()).text


def test_a_finding_stands_under_the_last_of_the_lines_that_it_is_about(make_report):
    text = render(make_report(source=SOURCE), "html")
    rows = re.findall(r'<div class="row([^"]*)" id="L(\d+)"', text)
    assert [int(number) for kind, number in rows if "hit error" in kind] == [12, 13]
    remark = text.index('<p class="remark error"><a href="#f1">')
    assert text.index('id="L13"') < remark
    assert text.count('class="remark') == 1


def test_lines_that_are_not_shown_are_quoted_without_a_link(make_report, make_finding):
    finding = make_finding(where=(Place(line=1, code="import torch"), Place(line=99, code="x = 1")))
    inside = page(make_report(findings=(finding,), source=SOURCE))
    assert "x = 1" in inside.text
    links = [link["href"] for link in inside.all("a")]
    assert "#L1" in links
    assert "#L99" not in links
    assert_links_lead_somewhere(inside)
    without = page(make_report(findings=(finding,), source=""))
    assert "The source is not part of this report." in without.text
    assert_links_lead_somewhere(without)


def test_an_empty_file_is_called_empty(make_report):
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert "The file is empty." in page(make_report(source="", sha256=digest)).text


def test_a_beat_that_should_be_there_is_drawn_as_absent(make_report):
    text = render(make_report(beats=make_report().beats.model_copy(update={"pattern": "FLBS"})), "html")
    assert re.search(r'<li class="beat bZ ghost"><b>Z</b><span>zero_grad</span><i>not in this beat</i>', text)
    assert "ghost" not in render(make_report(), "html").split("</style>")[1]


def test_what_is_absent_leaves_no_heading(make_report):
    bare = page(
        make_report(
            findings=(), requirements=(), measurement=None, beats=None, losses=(), output=" \n", sandbox=None
        )
    )
    for heading in ("The beat", "Findings", "Rubric", "Hidden test", "Loss", "Printed"):
        assert heading not in bare.text
    assert "Nothing was measured." in bare.text
    assert_links_lead_somewhere(bare)


def test_a_hidden_test_that_was_not_run_says_why(make_report):
    missing = Measurement(
        metric="mse",
        value=None,
        threshold=0.1,
        better="lower",
        samples=0,
        basis="observed",
        reason="no weights",
    )
    assert "mse was not measured: no weights." in page(make_report(measurement=missing)).text


def test_losses_that_are_no_numbers_are_told(make_report):
    text = page(make_report(losses=(1.0, None, 2.0, float("inf")), loss_steps=(3, 5, 8, 9))).text
    assert "not a finite number: steps 5, 9" in text
    assert "None of the losses was a finite number." in page(make_report(losses=(None, None))).text


def test_only_the_beginning_of_what_was_printed_is_shown(make_report):
    text = page(make_report(output="line\n" * 50_000, output_truncated=True)).text
    assert text.count("line ") < 500
    assert "more characters not shown here, and more was printed than was kept" in text


def test_blank_lines_that_were_printed_stay(make_report):
    assert "a\n\n\nb</pre>" in render(make_report(output="a\n\n\nb\n"), "html")


def test_the_page_tells_its_structure(make_report):
    shown = page(make_report(source=SOURCE))
    assert shown.all("html") == [{"lang": "en"}]
    assert [tag for tag, _ in shown.elements if tag in ("header", "main", "footer", "h1")] == [
        *("header", "main", "h1", "footer")
    ]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in shown.all("meta")
    for drawing in shown.all("svg"):
        assert (
            drawing.get("aria-label") or drawing.get("aria-hidden") == "true" or drawing["class"] == "field"
        )
    named = {attributes["id"] for _, attributes in shown.elements if "id" in attributes}
    assert {
        attributes["aria-labelledby"] for _, attributes in shown.elements if "aria-labelledby" in attributes
    } <= named


def test_a_report_is_inert_and_small(make_report):
    text = render(make_report(source=SOURCE), "html")
    assert len(text.encode()) < 60_000
    assert_inert(Page(text))
    assert_links_lead_somewhere(Page(text))


def test_a_hostile_report_is_inert(make_report):
    text = render(hostile.report(), "html")
    text.encode()
    shown = Page(text)
    assert_inert(shown)
    assert_links_lead_somewhere(shown)
    assert "<script>alert(1)</script>" in shown.text
    assert "{{7*7}}" in shown.text
    for sign in ("\u202e", "\u2066", "\u200b", "\x1b", "\x00", "\ud800"):
        assert sign not in text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(text=st.text(st.sampled_from("<>&\"'`{}%-!/ \n\tab=\x00\u202e"), max_size=60))
def test_no_text_becomes_markup(make_report, make_finding, text):
    plain = [tag for tag, _ in page(_with(make_report, make_finding, "x")).elements]
    shown = page(_with(make_report, make_finding, text))
    assert_inert(shown)
    # Code between backticks, and the pieces of a coloured or an empty text, are all that may differ.
    free = {"code", "span", "div", "dt", "dd", "p", "a", "pre", "section", "h2", "dl"}
    assert {tag for tag, _ in shown.elements} <= set(plain) | free


def _with(make_report, make_finding, text):
    finding = make_finding(title=text, evidence=text, why=text, fix=text, where=(Place(line=1, code=text),))
    return make_report(
        findings=(finding,), filename=text, student=text, summary=text, output=text, source=text
    )


def test_letters_stand_out_from_what_they_stand_on():
    """WCAG 2.2, 1.4.3: a contrast of at least 4.5 to 1, in both colour schemes."""
    sheet = (TEMPLATES / "style.css").read_text()
    schemes = re.findall(r":root \{(.*?)\}", sheet, re.S)
    assert len(schemes) == 2
    for scheme in schemes:
        colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
        pairs = [(name, name + "-soft") for name in colors if name + "-soft" in colors]
        pairs += [(front, back) for front in ("ink", "quiet") for back in ("paper", "card", "soft")]
        pairs += [(front, "card") for front in ("good", "violet", "teal", "note")]
        pairs += [(front, "paper") for front in ("good", "bad", "warn")]
        pairs += [("ink", back) for back in colors if back.endswith("-soft")]
        pairs += [
            ("quiet", "violet-soft"),
            ("quiet", "bad-soft"),
            ("quiet", "warn-soft"),
            ("quiet", "note-soft"),
        ]
        pairs += [
            (front, back)
            for front in ("good", "violet", "teal", "note")
            for back in ("bad-soft", "warn-soft", "note-soft")
        ]
        low = {pair: round(contrast(colors[pair[0]], colors[pair[1]]), 2) for pair in pairs}
        assert not {pair: ratio for pair, ratio in low.items() if ratio < 4.5}


def contrast(front, back):
    bright, dark = sorted((luminance(front), luminance(back)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(color):
    parts = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
