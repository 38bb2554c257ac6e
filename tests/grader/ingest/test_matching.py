"""Which student of the roster a hand-in belongs to."""

import random

from hypothesis import given
from hypothesis import strategies as st

from grader.ingest.layout import HandedFile
from grader.ingest.matching import match
from grader.ingest.roster import Roster, Student


def handed(label, number="", lms="canvas", inside="loop.py", anonymous=False):
    return HandedFile(
        lms, label, number, f"{lms}/{label}/{number}/{inside}", inside, b"x", anonymous=anonymous
    )


def matched(rows, *files):
    """Student to the labels of the files, unmatched and absent; the same in any order of the files."""
    roster = None if rows is None else Roster(tuple(rows))
    result = match(roster, files)
    shuffled = list(files)
    random.Random(1).shuffle(shuffled)
    assert match(roster, shuffled) == result
    students = [group.student for group in result.groups]
    assert students == sorted(set(students))
    labels = {group.student: [file.label for file in group.files] for group in result.groups}
    return labels, list(result.unmatched), list(result.absent)


def test_ids_come_before_names():
    rows = [Student("ada", "Bob Jones", canvas_id="5"), Student("bob", "Ada Smith", canvas_id="6")]
    assert matched(rows, handed("jonesbob", "6"), handed("smithada", "5")) == (
        {"ada": ["smithada"], "bob": ["jonesbob"]},
        [],
        [],
    )


def test_an_id_counts_for_its_own_platform_only():
    rows = [Student("ada", moodle_id="5")]
    assert matched(rows, handed("x", "5")) == ({"x": ["x"]}, ["x"], ["ada"])


def test_canvas_names_are_matched_in_any_order_of_the_words():
    rows = [Student("ada", "Ada Lovelace"), Student("bob", "O'Neil, Bob"), Student("zoe", "Zoë Müller")]
    files = handed("lovelaceada", "5"), handed("oneil_bob", "6"), handed("müllerzoë", "7")
    assert matched(rows, *files)[0] == {"ada": ["lovelaceada"], "bob": ["oneil_bob"], "zoe": ["müllerzoë"]}


def test_a_name_that_fits_two_students_fits_none():
    rows = [Student("a", "Ada Smith"), Student("b", "Smith Ada")]
    assert matched(rows, handed("smithada", "5")) == ({"smithada": ["smithada"]}, ["smithada"], ["a", "b"])


def test_moodle_names_are_matched_without_case_and_underscores():
    rows = [Student("ada", "Ada  van Lovelace")]
    assert matched(rows, handed("ADA van_Lovelace", "5", "moodle"))[0] == {"ada": ["ADA van_Lovelace"]}


def test_folders_are_matched_by_student_then_by_name():
    rows = [Student("ada", "Bob"), Student("Ada", "x"), Student("bob", "Carol C"), Student("Eve")]
    files = [handed(label, lms="folder") for label in ("ada", "ADA", "BOB", "carol_c", "eve")]
    students, unmatched, absent = matched(rows, *files)
    assert students == {
        "ada": ["ada"],
        "ADA-" + unmatched[0][4:]: ["ADA"],
        "bob": ["BOB", "carol_c"],
        "Eve": ["eve"],
    }
    assert absent == ["Ada"]


def test_all_that_fits_one_student_is_one_group():
    rows = [Student("ada", "Ada Lovelace", canvas_id="5")]
    files = [
        handed("lovelaceada", "5"),
        handed("adalovelace", "5", inside="b.py"),
        handed("lovelaceada", "5", inside="c.py"),
    ]
    assert len(matched(rows, *files)[0]["ada"]) == 3


def test_without_a_roster_ids_tell_students_apart():
    files = [handed("ada", "5"), handed("ada", "6"), handed("bob", "7"), handed("bob", "7", inside="b.py")]
    assert matched(None, *files) == ({"ada-5": ["ada"], "ada-6": ["ada"], "bob": ["bob", "bob"]}, [], [])


def test_one_id_is_one_student_however_the_name_is_written():
    files = [handed("Ada Lovelace", "5", "moodle"), handed("ada_lovelace", "5", "moodle")]
    assert list(matched(None, *files)[0]) == ["Ada Lovelace"]


def test_a_name_made_unique_is_nobody_s_own():
    files = [handed("ada", "5"), handed("ada", "6"), handed("ada-5", "9")]
    students = list(matched(None, *files)[0])
    assert len(students) == 3
    assert {"ada-5", "ada-6"} < set(students)


def test_the_anonymous_are_told_apart_and_never_matched_by_name():
    files = [handed("anon", "aB3dE", anonymous=True), handed("Participant", "5", "moodle", anonymous=True)]
    rows = [Student("x", "Anon"), Student("y", "Participant")]
    expected = ["anon-aB3dE", "participant-5"]
    assert list(matched(None, *files)[0]) == expected
    assert matched(rows, *files)[1:] == (expected, ["x", "y"])
    assert list(matched([Student("z", moodle_id="5")], files[1])[0]) == ["z"]


def test_a_stranger_does_not_get_the_name_of_a_student():
    rows = [Student("ada", canvas_id="5")]
    assert matched(rows, handed("Ada", "6")) == ({"Ada-6": ["Ada"]}, ["Ada-6"], ["ada"])


def test_names_that_look_alike_stay_apart():
    files = [
        handed(label, lms="folder")
        for label in ("bob", "bo\u200bb", "BOB", "x" * 300, "x" * 299 + "y", "\u202e")
    ]
    students, _, _ = matched(None, *files)
    assert len({student.casefold() for student in students}) == 6
    assert all(student.isprintable() and len(student) < 130 for student in students)
    assert any(student.startswith("unnamed") for student in students)


LABEL = st.text(st.sampled_from("abAB_-1\u200bé "), max_size=4)
FILES = st.lists(
    st.builds(
        handed,
        LABEL,
        st.sampled_from(["1", "2", "11"]),
        st.sampled_from(["canvas", "moodle"]),
        anonymous=st.booleans(),
    )
    | st.builds(handed, LABEL, lms=st.just("folder")),
    max_size=8,
    unique_by=lambda file: file.path,
)
ROWS = st.lists(
    st.builds(
        Student, LABEL.filter(str.strip), LABEL, st.sampled_from(["", "1"]), st.sampled_from(["", "2"])
    ),
    max_size=4,
    unique_by=(
        lambda row: row.student,
        lambda row: row.canvas_id or row.student,
        lambda row: row.moodle_id or row.student,
    ),
)


@given(st.none() | ROWS, FILES)
def test_every_file_is_in_one_group_and_every_student_is_accounted_for(rows, files):
    students, unmatched, absent = matched(rows, *files)
    assert sorted(label for labels in students.values() for label in labels) == sorted(
        file.label for file in files
    )
    if rows is not None:
        assert set(students) - set(unmatched) == {row.student for row in rows} - set(absent)
        assert not set(unmatched) & {row.student for row in rows}


def test_another_canvas_id_under_a_students_name_is_somebody_else():
    rows = [Student("ada", "Ada Lovelace", canvas_id="5"), Student("bob", "Bob Jones")]
    files = handed("lovelaceada", "5"), handed("lovelaceada", "99"), handed("jonesbob", "7")
    assert matched(rows, *files) == (
        {"ada": ["lovelaceada"], "bob": ["jonesbob"], "lovelaceada": ["lovelaceada"]},
        ["lovelaceada"],
        [],
    )


def test_another_moodle_id_under_a_students_name_is_another_attempt():
    rows = [Student("ada", "Ada Lovelace", moodle_id="5")]
    files = handed("Ada Lovelace", "5", "moodle"), handed("Ada Lovelace", "9", "moodle")
    assert matched(rows, *files)[0] == {"ada": ["Ada Lovelace", "Ada Lovelace"]}


def test_two_users_who_share_a_name_are_not_taken_for_one():
    files = handed("lovelaceada", "5"), handed("lovelaceada", "6")
    assert matched([Student("ada", "Ada Lovelace")], *files) == (
        {"lovelaceada-5": ["lovelaceada"], "lovelaceada-6": ["lovelaceada"]},
        ["lovelaceada-5", "lovelaceada-6"],
        ["ada"],
    )
