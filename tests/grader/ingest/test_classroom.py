"""A whole class, from an archive or a folder and a roster to what each student handed in."""

import os

import pytest

from grader.errors import BadArchive, BadRoster, NoSuchFile
from grader.ingest.classroom import HandIn, class_of
from grader.ingest.loop import MAX_SOURCE, python_in
from tests.grader.ingest.zips import LOOP, packed

NEWER = b"print('again')\n"


@pytest.fixture
def read(tmp_path):
    def read(files, roster=None, zipped=True, **more):
        if zipped:
            path = tmp_path / "class.zip"
            path.write_bytes(packed(files))
        else:
            path = tmp_path / "class"
            for name, content in files.items():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_bytes(content)
        if roster is not None:
            (tmp_path / "roster.csv").write_text(roster, encoding="utf-8")
        return class_of(path, tmp_path / "roster.csv" if roster is not None else None, **more)

    return read


def test_a_canvas_download_becomes_one_file_a_student(read):
    found = read(
        {
            "lovelaceada_5_100_loop.py": LOOP,
            "lovelaceada_5_101_loop-1.py": NEWER,
            "jonesbob_LATE_6_102_main.py": LOOP,
            "kingeve_7_103_notes.pdf": b"%PDF",
            "strange_8_104_loop.py": LOOP,
            "readme.txt": b"",
        },
        "student,name,canvas_id\nada,Ada Lovelace,5\nbob,Bob Jones,\neve,,7\ndan,Dan,9\n",
    )
    assert found.submissions == (
        HandIn(
            "ada",
            "Ada Lovelace",
            "5",
            "loop.py",
            NEWER,
            remark="2 Python files were handed in (loop-1.py and loop.py); loop-1.py was taken.",
        ),
        HandIn("bob", "Bob Jones", "6", "main.py", LOOP, late=True),
        HandIn(
            "eve", "kingeve", "7", "notes.pdf", b"", problem="No Python file was handed in, only notes.pdf."
        ),
        HandIn("strange", "strange", "8", "loop.py", LOOP),
    )
    assert found.unmatched == ("strange",)
    assert found.absent == ("dan",)
    assert found.skipped == ("readme.txt: it is not named as Canvas names what was handed in",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_moodle_download_becomes_one_file_a_student(read, zipped):
    found = read(
        {
            "hw/Ada Lovelace_77_assignsubmission_file_/src/loop.py": LOOP,
            "hw/Ada Lovelace_77_assignsubmission_onlinetext_/onlinetext.html": b"",
            "hw/Participant_78_assignsubmission_file_/loop.ipynb": b"{}",
        },
        "student;name\nada;Ada Lovelace\n",
        zipped,
    )
    assert found.submissions == (
        HandIn("ada", "Ada Lovelace", "77", "loop.py", LOOP),
        HandIn("participant-78", "", "78", "loop.ipynb", b"{}"),
    )
    assert "notebook" in python_in(found.submissions[1].filename, found.submissions[1].source)[1]


def test_a_folder_becomes_one_file_a_student(read, tmp_path):
    files = {"bob/loop.py": LOOP, "ada.py": NEWER, "out/ada/report.py": b"", "roster.py": b"student\nada\n"}
    read(files, zipped=False)
    found = class_of(tmp_path / "class", tmp_path / "class/roster.py", [tmp_path / "class/out"])
    assert found.submissions == (
        HandIn("ada", "ada", "", "ada.py", NEWER),
        HandIn("bob", "bob", "", "loop.py", LOOP),
    )
    assert (found.unmatched, found.absent, found.skipped) == (("bob",), (), ())


def test_one_folder_in_a_folder_is_still_a_student(read):
    assert [each.student for each in read({"ada/loop.py": LOOP}, zipped=False).submissions] == ["ada"]


def test_files_of_two_accounts_are_taken_together_and_said_to_be(read):
    folder = "{}_{}_assignsubmission_file_/loop.py"
    files = {folder.format("Ada Lovelace", 5): LOOP, folder.format("ada lovelace", 9): NEWER}
    (hand_in,) = read(files, "student,name,moodle_id\nada,Ada Lovelace,5\n").submissions
    assert (hand_in.source, hand_in.id) == (NEWER, "9")
    assert hand_in.remark.endswith(
        "The files of Ada Lovelace (5) and ada lovelace (9) were taken for one student's."
    )


def test_of_a_file_that_is_too_long_enough_is_kept_to_say_so(read):
    (hand_in,) = read({"ada.py": os.urandom(MAX_SOURCE + 100), "x.txt": os.urandom(99)}).submissions
    assert "larger than 1 MiB" in python_in(hand_in.filename, hand_in.source)[1]


def test_nothing_that_is_shown_could_mislead_or_fail_to_be_written(read, tmp_path):
    names = ["\u202eada", "b\x1b[2Job", "x" * 200, "CON", "\U0001f600", "e\u0301ve", os.fsdecode(b"\xff\xfe")]
    found = read({f"{name}/loop\u200b\n.py": LOOP for name in names} | {"\x07.txt": b""}, zipped=False)
    assert len(found.submissions) == len(names)
    for each in found.submissions:
        texts = [each.student, each.name, each.filename, each.remark]
        assert all(text.isprintable() and text.encode() is not None for text in texts)
        assert each.filename == "loop .py"
    assert all(text.isprintable() for text in found.skipped)


def test_links_in_a_folder_are_listed(read, tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "class/bob.py").symlink_to("/etc/passwd")
    found = read({"ada.py": LOOP}, zipped=False)
    assert [each.student for each in found.submissions] == ["ada"]
    assert found.skipped == ("bob.py: a symbolic link is not followed",)


@pytest.mark.parametrize(
    ("name", "error"),
    [("none", NoSuchFile), ("a\0b", NoSuchFile), ("note.txt", BadArchive), ("empty", BadArchive)],
)
def test_a_path_that_is_no_class_has_its_sentence(tmp_path, name, error):
    (tmp_path / "note.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    with pytest.raises(error):
        class_of(tmp_path / name)


def test_a_missing_roster_has_its_sentence(tmp_path):
    with pytest.raises(BadRoster):
        class_of(tmp_path, tmp_path / "none.csv")
