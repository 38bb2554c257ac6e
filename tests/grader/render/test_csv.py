"""The gradebook as CSV: read back as it was written, and harmless in a spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.gradebook import Entry, Gradebook
from grader.render.clean import one_line
from grader.render.csv import HEADER, cell, render_csv
from tests.grader.render import hostile


def entry(**changes):
    fields = {
        "student": "ada",
        "id": "17",
        "file": "loop.py",
        "outcome": "graded",
        "passed": True,
        "points": 9.5,
        "max": 10.0,
        "findings": ("not-shuffled", "double-step"),
    }
    return Entry(**{**fields, **changes})


def book(*entries):
    return Gradebook(exercise="a", exercise_title="A", exercise_version=1, entries=entries)


def rows(text):
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_the_columns_and_their_words():
    text = render_csv(
        book(
            entry(verification="verified"),
            entry(student="bo", passed=False, points=0.0, findings=(), verification="observed"),
            entry(student="cy", outcome="needs_person", passed=None, points=None, max=0.1 + 0.2),
        )
    )
    assert text == (
        "student,id,file,outcome,passed,points,max,findings,verification\n"
        "ada,17,loop.py,graded,true,9.5,10,not-shuffled; double-step,verified\n"
        "bo,17,loop.py,graded,false,0,10,,observed\n"
        "cy,17,loop.py,needs_person,,,0.3,not-shuffled; double-step,none\n"
    )


def test_an_empty_class_is_the_header():
    assert render_csv(book()) == ",".join(HEADER) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "  =1",
        "\t=1",
        "\r\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠1",
        "\u202e=1",
        "\x00=1",
        "\u3000=1",
    ],
)
def test_what_could_be_a_formula_is_defused(text):
    assert cell(text) == "'" + one_line(text)


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from('=+-@,";\n\r\t '), max_size=20))
def test_texts_come_back_as_they_were(text):
    line = one_line(text)
    _, row = rows(render_csv(book(entry(student=text, file=text, id=text))))
    for shown in (row[0], row[1], row[2]):
        assert shown.removeprefix("'") == line.removeprefix("'")
        assert not shown.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", " "))


def test_a_hostile_class_keeps_its_shape():
    text = render_csv(hostile.gradebook())
    text.encode()
    assert len(rows(text)) == 301
    assert {len(row) for row in rows(text)} == {len(HEADER)}
    assert text.count("\n") == 301
