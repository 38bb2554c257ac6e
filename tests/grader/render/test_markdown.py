"""The Markdown report, as a CommonMark parser reads it: no text of a report's becomes anything else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from grader.models import Override, Score, overridden
from grader.render import render
from grader.render.clean import one_line
from grader.render.markdown import code, escape, fenced, prose
from tests.grader.render import hostile

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TRICKY = st.text(
    st.sampled_from(list("`*_~[]()<>!#+-=|\\&;:./@{}$^\"' 1a\n\t")) | st.characters(), max_size=40
)
OURS = {"<br>", "<sub>", "</sub>"}


def tokens(text):
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def visible(text):
    """The text that a reader sees."""
    return "".join(
        token.content for token in tokens(text) if token.type in ("text", "code_inline", "text_special")
    )


def assert_plain(text):
    """No HTML but ours, no link, no picture; nothing that GitHub would look up or link outside code."""
    for token in tokens(text):
        assert token.type not in ("link_open", "image", "s_open", "em_open"), token
        if token.type in ("html_inline", "html_block"):
            assert token.content in OURS
        if token.type == "text":
            assert not re.search(r"[@#]\w", token.content), token.content
        if token.type == "inline":
            bare = token.content
            for child in token.children:
                if child.type == "code_inline":
                    bare = bare.replace(child.content, "", 1)
            assert not re.search(r"https?://|www\.\w", bare)


@given(TRICKY)
def test_escaped_text_is_shown_as_it_is(text):
    line = one_line(text)
    shown = escape(text)
    assert_plain(shown)
    assert "\n" not in shown
    assert visible(shown).replace("\u200b", "") == line
    assert [token.type for token in PARSER.parse(shown)] in (
        [],
        ["paragraph_open", "inline", "paragraph_close"],
    )


@given(TRICKY)
def test_a_code_span_holds_its_text(text):
    line = one_line(text)
    spans = [token for token in tokens(f"x {code(text)} y") if token.type == "code_inline"]
    assert [span.content for span in spans] == ([line] if line else [])


@given(TRICKY)
def test_a_code_span_in_a_table_keeps_to_its_cell(text):
    line = one_line(text)
    table = f"| a | b |\n|---|---|\n| {code(text, table=True)} | x |\n"
    spans = [token for token in tokens(table) if token.type == "code_inline"]
    assert [span.content for span in spans] == ([line] if line else [])


@given(TRICKY)
def test_prose_keeps_its_code_and_nothing_else(text):
    shown = prose(text)
    assert_plain(shown)
    assert (
        visible(shown).replace("\u200b", "").replace("`", "").replace("\\", "").split()
        == one_line(text).replace("`", "").replace("\\", "").split()
    )


@given(TRICKY)
def test_a_fence_is_longer_than_what_it_holds(text):
    found = PARSER.parse(fenced(text) + "\n\nafter")
    assert [token.type for token in found] == ["fence", "paragraph_open", "inline", "paragraph_close"]


def test_names_at_the_end_of_escapes_are_not_mentions():
    assert escape("@ada #12 GH-3 a@b.org") == "\\@&#8203;ada \\#&#8203;12 GH-&#8203;3 a\\@&#8203;b\\.org"
    assert escape("plain text, as it is. (really)") == "plain text, as it is. (really)"


def test_all_parts_of_a_report_are_there(make_report):
    text = render(make_report(), "markdown")
    for words in (
        "## Not passed: 4 of 10 points\n",
        "**MNIST from memory** · `loop.py` · `ada`\n",
        "`Z F L B S` 470 steps · 5 epochs\\\n`Z` zero\\_grad, line 8",
        "#### ❌ Gradients are never cleared\n\nError · `missing-zero-grad`\n",
        "```python\n12 | loss.backward()\n13 | optimizer.step()\n```",
        "**Mend.** Call optimizer\\.zero\\_grad().\n",
        "| ? could not be checked | Keeps data apart<br>could not be checked: no loader was seen | – / 1.5 |",
        "✗ accuracy is **0.8742**; at least 0.915 was asked for. Measured on 5,000 samples.",
        "epoch 30",
        "<sub>Ran in docker mode, isolated",
    ):
        assert words in text


@pytest.mark.parametrize("outcome", ["needs_person", "grader_error"])
def test_an_open_verdict_has_no_points(make_report, outcome):
    text = render(make_report(outcome=outcome, passed=None, score=Score(points=None, max=10.0)), "markdown")
    assert text.splitlines()[0].endswith(": – of 10 points")


def test_a_decision_is_quoted(make_report):
    decision = Override(points=5.0, passed=True, reason="Right.", who="grace", when="2026-02-03T10:00:00Z")
    assert "\n> Decided by grace, 2026" in render(overridden(make_report(), decision), "markdown")


def test_a_hostile_report_stays_text():
    text = render(hostile.report(), "markdown")
    text.encode()
    assert_plain(text)
    assert not re.search("[\u202e\u2066\u200b\x1b\x00]", text)
    tables = [token for token in PARSER.parse(text) if token.type == "table_open"]
    assert len(tables) == 1
    cells = [token.type for token in PARSER.parse(text) if token.type in ("td_open", "tr_open")]
    assert cells.count("td_open") == 3 * (cells.count("tr_open") - 1)
