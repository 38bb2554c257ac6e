"""No text of a student's moves a cursor, hides a word or turns the reading direction."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.render.clean import clean, one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("größer 数字 🎉", "größer 数字 🎉"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;5;196mred\x1b[m", "red"),
        ("\x9b31mred", "red"),
        ("a\x1b[2Jb\x1b[1;1Hc", "abc"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9d0;title\x9ctext", "text"),
        ("\x1bP+q\x1b\\text", "text"),
        ("\x1b]never ended\nnext line", "\nnext line"),
        ("\x1bcreset", "reset"),
        ("\x1b(0lines", "lines"),
        ("end\x1b", "end"),
        ("end\x1b[", "end"),
        ("10 %\r20 %\r\ndone", "10 %\n20 %\ndone"),
        ("back\b\b\bspace\x00\x07\x7f", "backspace"),
        ("access\u202elevel\u2066x\u2069", "accesslevelx"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("lone\ud800surrogate", "lonesurrogate"),
        ("private\ue000use", "privateuse"),
        ("line\u2028para\u2029next\x85x", "line\npara\nnext\nx"),
        ("tag\U000e0041s", "tags"),
    ],
)
def test_what_is_shown_of_a_text(text, shown):
    assert clean(text) == shown


ESCAPES = st.lists(
    st.sampled_from(["\x1b", "[", "]", "\x9b", "\x9d", "0", ";", "m", "\x07", "\n", "a", "\\"])
)


@given(st.text(st.characters(exclude_categories=[])) | ESCAPES.map("".join))
def test_nothing_but_visible_characters_newlines_and_tabs_remains(text):
    shown = clean(text)
    assert all(char in "\n\t" or unicodedata.category(char)[0] != "C" or
               unicodedata.category(char) == "Cn" for char in shown)  # fmt: skip
    shown.encode("utf-8")
    assert clean(shown) == shown


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])))
def test_visible_text_stays_as_it_is(text):
    assert clean(text) == text


@pytest.mark.parametrize("piece", ["\x1b]", "\x1b[", "\x1b[0;", "\x9d", "\x1bP", "\x1b ", "\x1b]\x1b["])
def test_cleaning_is_quick_whatever_it_is_fed(piece):
    start = time.monotonic()
    clean(piece * (200_000 // len(piece)))
    assert time.monotonic() - start < 2


def test_one_line_is_one_line():
    assert one_line(" a\r\n b\tc\x1b[31m ") == "a b c"
