"""Reading a file that was handed in: bounded, checked, and told which exercise it is."""

import os
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import NoSuchFile, UnknownExercise
from grader.ingest import loop
from grader.ingest.loop import MAX_SOURCE, problem_in, python_in, read_loop
from grader.settings import Settings

KNOWN = ["linreg-torch", "mnist-from-memory"]


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    monkeypatch.setattr(loop, "slugs", lambda: KNOWN)


@pytest.fixture
def hand_in(tmp_path):
    def write(content=b"print(1)\n", name="loop.py", folder="work"):
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    return write


def read(path, told="linreg-torch", **settings):
    return read_loop(path, told, Settings(**settings))


def test_a_right_file_comes_in_byte_for_byte(hand_in):
    source = "# Größe\r\nx = 1\n".encode()
    submission, problem = read(hand_in(source), student="ada")
    assert problem == ""
    assert submission.source == source
    assert (submission.filename, submission.student) == ("loop.py", "ada")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"x = 1\0\n", "byte 6 is NUL"),
        (b"\x7fELF\x02\x01\x01\0\0", "NUL"),
        ("x = 1".encode("utf-16"), "UTF-16"),
        (b"x = 1\ny = '\xe9'\n", "line 2 holds the byte 0xe9"),
        (b"# -*- coding: latin-1 -*-\nx = '\xc3\xa9'\n", "declares the encoding"),
        (b"# coding: utf-7\nx = 1\n", "declares the encoding"),
        (b"# coding: klingon\nx = 1\n", "Python refuses"),
        (b"\xef\xbb\xbf# coding: latin-1\nx = 1\n", "Python refuses"),
        (b"x = 1\n" + b"#" * MAX_SOURCE, "larger than 1 MiB"),
    ],
)
def test_what_is_no_python_text_gets_a_sentence(hand_in, content, words):
    submission, problem = read(hand_in(content))
    assert words in problem
    assert submission.source == content[: MAX_SOURCE + 1]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfx = 1\n",
        b"# -*- coding: utf-8 -*-\nx = '\xc3\xa9'\n",
        b"# coding: UTF_8\nx = 1\n",
        b"# coding: ascii\nx = 1\n",
        b"# -*- coding: latin-1 -*-\nx = 1\n",
        b"x = 1" + b"#" * (MAX_SOURCE - 5),
    ],
)
def test_what_python_reads_alike_is_accepted(hand_in, content):
    assert read(hand_in(content)).problem == ""


def test_a_notebook_is_told_apart(hand_in):
    assert "notebook" in read(hand_in(b"{}", name="loop.ipynb")).problem


def test_content_is_judged_without_a_file():
    assert problem_in(b"x = 1\n") == ""
    assert "empty" in problem_in(b"")
    assert "notebook" in python_in("ada/LOOP.IPYNB", b"{}")[1]
    assert "larger than 1 MiB" in problem_in(b"#" * (MAX_SOURCE + 1))


def test_of_a_huge_file_only_the_cap_and_one_byte_are_read(tmp_path):
    path = tmp_path / "huge.py"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    start = time.monotonic()
    assert len(read(path).submission.source) == MAX_SOURCE + 1
    assert time.monotonic() - start < 60  # a matter of milliseconds; quadratic, of minutes


@given(st.binary(max_size=200))
def test_any_bytes_come_in_or_get_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "loop.py"
    path.write_bytes(content)
    submission, problem = read(path)
    assert submission.source == content
    if not problem:
        assert submission.source.decode("utf-8-sig").strip()
        assert b"\0" not in submission.source


@pytest.mark.parametrize("name", ["none.py", "a\0b.py", "x" * 300])
def test_a_missing_path_is_an_error_of_usage(tmp_path, name):
    with pytest.raises(NoSuchFile):
        read(tmp_path / name)


def test_a_folder_is_an_error_of_usage(tmp_path):
    with pytest.raises(NoSuchFile, match="is a folder"):
        read(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_or_a_device_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    refused = []

    def attempt():
        for path in (tmp_path / "pipe.py", type(tmp_path)("/dev/zero")):
            with pytest.raises(NoSuchFile, match="not a regular file"):
                read(path)
            refused.append(path)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(5)
    assert len(refused) == 2


def test_a_file_we_may_not_read_is_an_error_of_usage(hand_in, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(13, "Permission denied")

    path = hand_in()
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(NoSuchFile, match="cannot be read: Permission denied"):
        read(path)


def test_a_name_that_is_not_text_still_makes_a_submission(hand_in):
    path = hand_in(name=os.fsdecode(b"l\xffop.py"))
    assert read(path).submission.filename == "l\ufffdop.py"


def test_the_command_line_speaks_first_then_the_comment_then_the_settings_then_the_folder(hand_in):
    plain, marked = b"x = 1\n", b'"""Mine."""\n#exercise:  mnist-from-memory \nx = 1\n'
    path = hand_in(marked, folder="linreg-torch")
    assert read(path, "linreg-torch").submission.exercise == "linreg-torch"
    assert read(path, None, exercise="linreg-torch").submission.exercise == "mnist-from-memory"
    path = hand_in(plain, folder="linreg-torch")
    assert read(path, None, exercise="mnist-from-memory").submission.exercise == "mnist-from-memory"
    assert read(path, None).submission.exercise == "linreg-torch"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_comment_is_found_whatever_ends_the_lines(hand_in, end):
    content = end.join([b"\xef\xbb\xbf# exercise: linreg-torch", b"x = 1"])
    assert read(hand_in(content), None).submission.exercise == "linreg-torch"


def test_a_comment_below_the_first_fifty_lines_is_not_looked_for(hand_in):
    comment = b"# exercise: linreg-torch\n"
    assert read(hand_in(b"\n" * 49 + comment), None).submission.exercise == "linreg-torch"
    with pytest.raises(UnknownExercise):
        read(hand_in(b"\n" * 50 + comment), None)


def test_a_comment_in_prose_names_no_exercise(hand_in):
    path = hand_in(b"# exercise: train a line\n", folder="linreg-torch")
    assert read(path, None).submission.exercise == "linreg-torch"


@pytest.mark.parametrize(
    ("content", "told", "settings", "words"),
    [
        (b"x = 1", None, {}, "--exercise SLUG"),
        (b"x = 1", "nope", {}, "'nope', as --exercise says"),
        (b"x = 1\n# exercise: nope", None, {}, "'nope', as line 2 of loop.py says"),
        (b"x = 1", None, {"exercise": "nope"}, "'nope', as the settings say"),
        (b"", None, {}, "--exercise SLUG"),
    ],
)
def test_an_exercise_nobody_knows_is_an_error_that_lists_them(hand_in, content, told, settings, words):
    with pytest.raises(UnknownExercise) as caught:
        read(hand_in(content), told, **settings)
    assert words in str(caught.value)
    assert "linreg-torch, mnist-from-memory" in str(caught.value)
