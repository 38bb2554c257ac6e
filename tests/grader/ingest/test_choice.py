"""Which of a student's files is graded."""

import itertools

import pytest

from grader.ingest.choice import choose
from grader.ingest.layout import HandedFile
from grader.ingest.tree import is_python


def handed(inside, attachment=-1, lms="canvas", number="1"):
    source = inside.encode() if is_python(inside) else None
    return HandedFile(lms, "ada", number, f"{lms}/{number}/{attachment}/{inside}", inside, source, attachment)


def chosen(*files):
    """The choice, which must not depend on the order of the files."""
    choices = {choose(list(order)) for order in itertools.permutations(files)}
    assert len(choices) == 1
    return choices.pop()


@pytest.mark.parametrize(
    ("best", "others"),
    [
        (("loop.py", 1), [("train.py", 9)]),
        (("LOOP.PY", 1), [("train.py", 9)]),
        (("loop-1.py", 2), [("loop.py", 1), ("a.py", 3)]),
        (("loop-2.py", 2), [("loop-1.py", 3), ("loop.py", 4)]),
        (("loop-10.py", 2), [("loop-9.py", 3)]),
        (("train.py", 5), [("main.py", 4)]),
        (("train-1.py", 1), [("train.py", 2)]),
        (("lab.py", 5), [("lab-2.txt", 9), ("notes.ipynb", 9)]),
        (("train.py", 5), [("lab-2.py", 4)]),
        (("notes-1.ipynb", 5), [("notes.ipynb", 4)]),
    ],
)
def test_on_canvas_loop_py_comes_first_then_the_newest(best, others):
    files = [handed(*best), *(handed(*other) for other in others)]
    assert chosen(*files).file == files[0]


@pytest.mark.parametrize(
    ("best", "others"),
    [
        (("loop.py", 0, "moodle", "9"), [("loop.py", 0, "moodle", "8")]),
        (("loop.py", 0, "moodle", "10"), [("loop.py", 0, "moodle", "9")]),
        (("loop.py", 0, "moodle", "9"), [("loop-1.py", 0, "moodle", "8")]),
        (("x/loop-1.py", 0, "moodle"), [("loop.py", 0, "moodle")]),
        (("x/loop.py", 0, "moodle"), [("x/old/loop.py", 0, "moodle"), ("main.py", 0, "moodle")]),
        (("main.py", 0, "moodle"), [("helper-2.py", 0, "moodle", "0"), ("x/a.py", 0, "moodle")]),
        (("loop.py", 0, "folder", ""), [("loop-1.py", 0, "folder", ""), ("a/loop.py", 0, "folder", "")]),
        (("a.py", 0, "folder", ""), [("b.py", 0, "folder", "")]),
    ],
)
def test_elsewhere_the_newest_then_the_shallowest_is_taken(best, others):
    files = [handed(*best), *(handed(*other) for other in others)]
    assert chosen(*files).file == files[0]


def test_canvas_s_number_is_not_shown_and_a_student_s_own_is():
    assert chosen(handed("loop-1.py", 1)).filename == "loop.py"
    assert chosen(handed("my-1.loop.py", 1)).filename == "my.loop.py"  # so Canvas numbers two endings
    assert chosen(handed("lab-2024.py", 1)).filename == "lab-2024.py"
    assert chosen(handed("-1.py", 1)).filename == "-1.py"
    assert chosen(handed("src/lab-1.py", 0, "moodle")).filename == "lab-1.py"


def test_a_note_says_which_of_several_was_taken():
    assert chosen(handed("loop.py", 1)).note == ""
    assert chosen(handed("loop.py", 1), handed("data.csv", 2)).note == ""
    assert chosen(handed("loop.py", 1), handed("loop-1.py", 2)).note == (
        "2 Python files were handed in (loop-1.py and loop.py); loop-1.py was taken."
    )
    assert "(a4.py, a3.py, a2.py and 2 more)" in chosen(*(handed(f"a{n}.py", n) for n in range(5))).note


def test_without_a_python_file_a_sentence_names_what_there_is():
    choice = chosen(handed("notes.pdf", 1))
    assert (choice.problem, choice.filename) == ("No Python file was handed in, only notes.pdf.", "notes.pdf")
    assert (
        chosen(handed("a.zip", 2), handed("b.pdf", 1)).problem
        == "No Python file was handed in, only a.zip and b.pdf."
    )
    hostile = chosen(*(handed(f"{n}\u202e\x1b\n{'x' * 900}.pdf", n) for n in range(5))).problem
    assert hostile.isprintable()
    assert len(hostile) < 500
