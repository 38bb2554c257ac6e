"""Reading the roster: every way it can be wrong has its sentence."""

import csv
import io
import os
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import BadRoster
from grader.ingest import roster
from grader.ingest.roster import Student, folded, read_roster, spellings, squeezed
from grader.ingest.tree import plain

ADA = Student("ada", "Ada Lovelace", "4711", "77")


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "class.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_roster(path).students

    return read


@pytest.mark.parametrize(
    "content",
    [
        "student,name,canvas_id,moodle_id\nada,Ada Lovelace,4711,77\n",
        "\ufeffstudent,name,canvas_id,moodle_id\r\nada,Ada Lovelace,4711,77",
        "\ufeffstudent;name;canvas_id;moodle_id\nada;Ada Lovelace;4711;77\n",
        "student\tname\tcanvas_id\tmoodle_id\nada\tAda Lovelace\t4711\t77\n",
        '"moodle_id","email","name","student","canvas_id"\n77,a@b.c,"Ada Lovelace", ada ,4711\n',
        '"name";"student";"canvas_id";"moodle_id"\n"Ada Lovelace";ada;4711;77\n',
        "\n,,,\nStudent,Name,Canvas ID,moodle-id\n\n  \nada,Ada  Lovelace,4711,77,,\n,,,\n",
        "student,name,canvas_id,moodle_id\rada,Ada Lovelace,4711,77\r",
    ],
)
def test_what_spreadsheets_write_is_read(read, content):
    assert read(content) == (ADA,)


def test_only_the_student_must_be_there(read):
    assert read("student\nada\nbob\n") == (Student("ada"), Student("bob"))
    assert read("name,student\nAda\n,bob\n".replace("Ada\n", "Ada,ada\n")) == (
        Student("ada", "Ada"),
        Student("bob"),
    )


def test_ids_stay_texts_and_empty_ones_are_no_doubles(read):
    assert [row.canvas_id for row in read("student,canvas_id\na,007\nb,7\nc,\nd,\n")] == ["007", "7", "", ""]


def test_a_name_in_quotes_may_hold_what_separates(read):
    assert read('student,name\nada,"Lovelace, Ada"\n') == (Student("ada", "Lovelace, Ada"),)


def test_hostile_names_are_made_plain(read):
    (row,) = read('student,name\na\u202eda\x1b,"Ada\nLovelace\u200b"\n')
    assert row == Student("ada", "Ada Lovelace")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("name,canvas_id\nada,1\n", "no column student"),
        ("ada,Ada\n", "no column student"),
        ("student,student\na,b\n", "two columns student"),
        ("student,name\n,Ada\n", "no student on line 2"),
        ("student,name\nada,A\n\u200b,B\n", "no student on line 3"),
        ("student\nada\nbob\n\nada\n", "student 'ada' twice, on lines 2 and 5"),
        ('student,name\nada,"A\nB"\nada,C\n', "student 'ada' twice, on lines 2 and 4"),
        ("student,canvas_id\nada,1\nbob,1\n", "canvas_id '1' twice, on lines 2 and 3"),
        ("student,moodle_id\nada,1\nbob,1\n", "moodle_id '1' twice, on lines 2 and 3"),
        ("student,name\nada,Lovelace, Ada\n", "3 values on line 2, but 2 columns"),
        ('student,name\nada,"Ada\n', "no CSV"),
        ("student\n" + "x" * 200_000, "no CSV"),
        (b"student\nada\nbj\xf6rn\n", "not UTF-8, on line 3"),
        ("student\nada\n".encode("utf-16"), "not UTF-8, on line 1"),
        (b"student\n" + b"x\n" * (3 << 20), "larger than 4 MiB"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(read, content, words):
    with pytest.raises(BadRoster) as caught:
        read(content)
    assert words in str(caught.value)
    assert "class.csv" in str(caught.value)


def test_more_rows_than_are_accepted_are_refused(read, monkeypatch):
    monkeypatch.setattr(roster, "MAX_ROWS", 2)
    with pytest.raises(BadRoster, match="more than 2 rows"):
        read("student\na\nb\nc\n")


@pytest.mark.parametrize(
    ("name", "words"), [("none.csv", "There is no roster"), (".", "cannot be read"), ("a\0b", "not the name")]
)
def test_a_path_that_is_no_file_has_its_sentence(tmp_path, name, words):
    with pytest.raises(BadRoster, match=words):
        read_roster(tmp_path / name if name != "." else tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadRoster, match="not a file"):
        read_roster(tmp_path / "pipe")


def test_names_are_compared_as_the_platforms_write_them():
    assert squeezed("Müller-Ädams_O'Neil") == "müllerädamsoneil"
    assert spellings("Ada King Lovelace") == {"adakinglovelace", "kinglovelaceada", "lovelaceadaking"}
    assert spellings("Lovelace, Ada") >= {"lovelaceada", "adalovelace"}
    assert spellings("") == spellings("—") == frozenset()


def test_a_name_of_very_many_words_takes_no_time_to_compare():
    words = [f"w{number}" for number in range(1000)]
    found = spellings(" ".join(words))
    assert len(found) == roster.MAX_WORDS
    assert squeezed("".join(words)) in found
    assert folded(" Ada__Lovelace\u00a0X ") == "ada lovelace x"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT), max_size=5), st.sampled_from(",;\t"))
def test_what_is_written_is_read_back(read, rows, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([roster.COLUMNS, *rows])
    cleaned = [row for row in ([plain(cell, None) for cell in row] for row in rows) if any(row)]
    unique = [[row[at] for row in cleaned if row[at]] for at in (0, 2, 3)]
    if len(unique[0]) < len(cleaned) or any(len(set(column)) < len(column) for column in unique):
        with pytest.raises(BadRoster):
            read(out.getvalue())
    else:
        assert read(out.getvalue()) == tuple(Student(*row) for row in cleaned)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=60), st.text('student,;\t"\n\r01', max_size=60).map(lambda text: text.encode())
    )
)
def test_any_bytes_are_a_roster_or_get_a_sentence(read, content):
    for data in (content, b"student,name\n" + content):
        with suppress(BadRoster):
            assert all(row.student for row in read(data))
