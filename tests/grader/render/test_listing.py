"""The student's file as lines: true to the text, and bounded whatever the text is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.render.clean import clean
from grader.render.listing import MOST_LINES, WIDEST, listing


def text_of(line):
    return "".join(text for _, text in line.pieces)


def test_tokens_have_their_kinds():
    (line,) = listing("def train(x): return 'a', 1  # so", {}).lines
    assert line.pieces == (
        ("k", "def "),
        ("f", "train"),
        ("", "(x): "),
        ("k", "return "),
        ("s", "'a'"),
        ("", ", "),
        ("m", "1  "),
        ("c", "# so"),
    )


def test_a_string_over_several_lines_is_coloured_on_each():
    lines = listing('"""a\nb\n"""\nx', {}).lines
    assert [line.pieces for line in lines] == [(("s", '"""a'),), (("s", "b"),), (("s", '"""'),), (("", "x"),)]


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from("\n'\"#\\ {}"), max_size=200))
def test_the_lines_are_the_texts(source):
    shown = listing(source, {}).lines
    wanted = (
        [clean(line).replace("\n", " ").rstrip() for line in source.split("\n")] if source.strip() else []
    )
    assert [text_of(line) for line in shown] == wanted
    assert [line.number for line in shown] == list(range(1, len(wanted) + 1))


def test_lines_far_down_are_shown_with_their_surroundings():
    source = "\n".join(f"x = {number}" for number in range(1, 5001))
    shown = listing(source, {4000: [0], 4002: [1], 9999: [2], 0: [3]})
    numbers = [line.number for line in shown.lines]
    assert numbers == [*range(1, MOST_LINES + 1), *range(3997, 4006)]
    remarked = {line.number: line.remarks for line in shown.lines if line.remarks}
    assert remarked == {4000: (0,), 4002: (1,)}
    assert shown.lines[MOST_LINES].skipped == 1996
    assert shown.rest == 995


def test_a_line_too_long_is_cut_and_says_so():
    (line,) = listing("x" * 5000, {}).lines
    assert (len(text_of(line)), line.cut) == (WIDEST, 4000)


def test_nothing_is_shown_of_nothing():
    assert listing("", {1: [0]}).lines == ()
    assert listing(" \n\n", {}).lines == ()


@pytest.mark.parametrize(
    "piece", ["\n", " " * 98 + "\n", '"""', "(", ".", "@a.", "f'{", "\\", "'\n", "from . import "]
)
def test_listing_is_quick_whatever_it_is_fed(piece):
    start = time.monotonic()
    listing("x" + piece * (400_000 // len(piece)), {})
    assert time.monotonic() - start < 60  # a matter of milliseconds; quadratic, of minutes
