"""Whose each file is: Canvas, Moodle, and plain folders, with and without a folder around them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import BadArchive
from grader.ingest.layout import handed_in
from grader.ingest.roster import Roster, Student
from grader.ingest.tree import Tree, is_python

FILE = "_assignsubmission_file_"
HERE = f"Ada Lovelace_77{FILE}"


def lay(*paths, zipped=True, roster=None):
    """(layout, label, id, inside) of each file, and the paths that were skipped."""
    tree = Tree("class.zip", zipped, {path: b"x" if is_python(path) else None for path in sorted(paths)})
    files, skipped = handed_in(tree, roster)
    assert all(each.why for each in skipped)
    assert {file.path for file in files} | {each.path for each in skipped} == set(paths)
    return [(file.lms, file.label, file.id, file.inside) for file in files], [each.path for each in skipped]


def whose(*paths, **more):
    return sorted({label for _, label, _, _ in lay(*paths, **more)[0]})


def class_of(*students):
    return Roster(tuple(Student(student) for student in students))


def test_a_canvas_download_is_told_by_its_names():
    files, skipped = lay(
        "ada_12_34_loop.py", "bob_LATE_13_35_notes.pdf", "eve_14_text.html", "readme.txt", "extra/x.py"
    )
    assert files == [
        ("canvas", "ada", "12", "loop.py"),
        ("canvas", "bob", "13", "notes.pdf"),
        ("canvas", "eve", "14", "text.html"),
    ]
    assert skipped == ["extra/x.py", "readme.txt"]


@pytest.mark.parametrize("inside", ["loop.py", "src/loop.py", "a_1_assignsubmission_file_/loop.py"])
def test_a_moodle_download_in_folders_is_told_by_its_names(inside):
    assert lay(f"{HERE}/{inside}", "grades.csv") == (
        [("moodle", "Ada Lovelace", "77", inside)],
        ["grades.csv"],
    )


def test_a_flat_moodle_download_is_told_by_its_names():
    files, skipped = lay(
        f"{HERE}loop.py", "Bob_78_assignsubmission_onlinetext_onlinetext.html", f"Eve_1{FILE}"
    )
    assert files == [
        ("moodle", "Ada Lovelace", "77", "loop.py"),
        ("moodle", "Bob", "78", "onlinetext.html"),
    ]
    assert skipped == ["Eve_1_assignsubmission_file_"]


def test_blind_and_team_downloads_of_moodle_are_read():
    tree = Tree(
        "x",
        True,
        {"Participant_5_assignsubmission_file_/a.py": b"", "Team 1_6_assignsubmission_file_/a.py": b""},
    )
    files, _ = handed_in(tree)
    assert [(file.label, file.id, file.anonymous) for file in files] == [
        ("Participant", "5", True),
        ("Team 1", "6", False),
    ]


NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/_\0"), max_size=30)
INSIDE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=30)


@given(NAME, st.integers(0, 10**19), INSIDE, st.booleans())
def test_any_moodle_name_is_parsed_back(name, number, file, flat):
    path = f"{name}_{number}_assignsubmission_file_{'' if flat else '/'}{file}"
    (found,), _ = handed_in(Tree("x", True, {path: b""}))
    assert (found.lms, found.label, found.id, found.inside) == ("moodle", name, str(number), file)


def test_plain_files_and_folders_are_named_after_their_students():
    files, skipped = lay("ada.py", "bob/loop.py", "bob/src/more.py", "eve/notes.pdf", "grades.csv")
    assert files == [
        ("folder", "ada", "", "ada.py"),
        ("folder", "bob", "", "loop.py"),
        ("folder", "bob", "", "src/more.py"),
        ("folder", "eve", "", "notes.pdf"),
    ]
    assert skipped == ["grades.csv"]


def test_a_student_who_names_a_file_as_a_platform_does_changes_nothing_for_the_class():
    files, skipped = lay("ada.py", "bob.py", "eve_1_2_loop.py", f"x_9{FILE}/loop.py")
    assert {lms for lms, *_ in files} == {"folder"}
    assert not skipped


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "paths",
    [
        ["ada_12_34_loop.py", "bob_13_35_loop.py"],
        [f"{HERE}/loop.py"],
        [f"{HERE}loop.py", f"Bob_8{FILE}/b.py"],
    ],
)
def test_a_platform_s_download_in_a_folder_is_looked_into(zipped, paths):
    plain, _ = lay(*paths, zipped=zipped)
    assert lay(*(f"hw 1/{path}" for path in paths), zipped=zipped) == (plain, [])


def test_one_student_s_folder_is_no_wrapper():
    for zipped in (True, False):
        assert whose("ada/loop.py", zipped=zipped) == ["ada"]
        assert whose("ada/LOOP.py", "ada/model.py", zipped=zipped) == ["ada"]
        assert whose("ada/main.py", zipped=zipped) == ["ada"]
        assert whose("ada/loop.py", "ada/data_1_2_x.csv", zipped=zipped) == ["ada"]
    assert whose("ada/main.py", "ada/model.py", zipped=False) == ["ada"]
    assert whose("ada/src/loop.py", zipped=False) == ["ada"]


def test_a_folder_around_a_class_is_looked_into():
    for zipped in (True, False):
        assert whose("hw/ada/loop.py", "hw/bob/loop.py", zipped=zipped) == ["ada", "bob"]
    assert whose("hw/ada.py", "hw/bob.py", zipped=True) == ["ada", "bob"]
    assert whose("hw/ada/loop.py", zipped=True) == ["ada"]
    assert whose("hw/ada/main.py", "hw/bob/notes.pdf", zipped=True) == ["ada", "bob"]


def test_the_roster_says_which_folder_is_a_wrapper():
    for zipped in (True, False):
        assert whose("hw/ada.py", zipped=zipped, roster=class_of("ada")) == ["ada"]
        assert whose("hw/ada/x.py", zipped=zipped, roster=class_of("ada")) == ["ada"]
        assert whose("hw/a.py", "hw/b.py", zipped=zipped, roster=class_of("HW")) == ["hw"]


def test_two_folders_are_no_wrapper():
    assert whose("ada/loop.py", "bob/loop.py", zipped=False) == ["ada", "bob"]
    assert whose("hw/ada/loop.py", "readme.py") == ["hw", "readme"]


@pytest.mark.parametrize("paths", [[], ["readme.txt"], ["data/a.csv", "photos/b.jpg"], ["hw/a.zip"]])
def test_where_nothing_is_a_hand_in_a_sentence_says_so(paths):
    with pytest.raises(BadArchive, match=r"Nothing in class\.zip is a hand-in"):
        lay(*paths)


PIECES = st.sampled_from(["a", "b", "_", "1", ".py", " ", "_12_34_", "_5_assignsubmission_file_", "loop.py"])
PART = st.lists(PIECES, min_size=1, max_size=5).map("".join)


@given(st.sets(st.lists(PART, min_size=1, max_size=3).map("/".join), max_size=6), st.booleans())
def test_every_file_is_somebody_s_or_skipped(paths, zipped):
    with suppress(BadArchive):  # where all of it is skipped
        lay(*paths, zipped=zipped)
