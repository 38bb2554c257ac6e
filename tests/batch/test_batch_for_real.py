"""`grade batch` and `grade override` in processes of their own: resuming, stopping, settling, and bad input."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from grader.exercise import load_exercise
from tests import cohort
from tests.batch.conftest import Grade, command, environment, nothing_is_left

REFERENCE = load_exercise(cohort.SLUG).reference
SOLUTION = (REFERENCE / "solution.py").read_text()
WRONG = (REFERENCE / "bugs" / "missing_zero_grad.py").read_text()
REFUSED = 'import os\n\nos.write(3, b"no frame")\n\n\ndef train(*arguments):\n    return []\n'
"""Writes nonsense where the trace goes: nothing can be checked, so a person has to look."""
SLOW = "import time\n\n\ndef train(*arguments):\n    open('running', 'w').close()\n    time.sleep(6)\n"
LOCAL = ("--exercise", cohort.SLUG, "--sandbox", "local", "--trust-submissions")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with three submissions, one of each kind."""
    folder = tmp_path / "handed in"
    folder.mkdir()
    for name, source in (("ada", SOLUTION), ("bob", WRONG), ("eve", REFUSED)):
        (folder / f"{name}.py").write_text(source)
    return folder


def batch(grade: Grade, work: Path, *more: object) -> subprocess.CompletedProcess[str]:
    """Grade the folder, one after another: what starts costs more here than what is graded."""
    return grade("batch", work, *LOCAL, "-o", work.parent / "out", "--jobs", 1, *more)


def rows(work: Path) -> dict[str, dict[str, str]]:
    return cohort.read_grades(work.parent / "out")


def test_a_folder_of_files_is_graded_and_the_exit_code_says_that_a_person_is_needed(
    grade: Grade, work: Path
) -> None:
    done = batch(grade, work)
    assert done.returncode == 4
    assert "3 submissions: 1 passed, 1 not passed, 1 need a person\n3 without verification\n" in done.stdout
    assert "[3/3]" in done.stderr
    assert {name: (row["outcome"], row["passed"], row["points"]) for name, row in rows(work).items()} == {
        "ada": ("graded", "true", "100"),
        "bob": ("graded", "false", "63"),
        "eve": ("needs_person", "", ""),
    }
    out = work.parent / "out"
    assert sorted(path.name for path in (out / "reports").iterdir()) == [
        f"{name}.{kind}" for name in ("ada", "bob", "eve") for kind in ("html", "json")
    ]
    assert json.loads((out / "summary.json").read_text())["needs_person"] == ["eve"]
    assert "eve" in (out / "class.html").read_text()


def test_only_what_has_changed_is_graded_again(grade: Grade, work: Path) -> None:
    batch(grade, work)
    before = (work.parent / "out" / "reports" / "ada.json").read_text()
    again = batch(grade, work)
    assert "0 graded now" in again.stdout
    (work / "bob.py").write_text(SOLUTION + "\n# mended\n")
    (work / "dan.py").write_text(SOLUTION)
    (work / "eve.py").unlink()
    third = batch(grade, work)
    assert third.returncode == 0
    assert "2 graded now" in third.stdout
    assert {name: row["passed"] for name, row in rows(work).items()} == dict.fromkeys(
        ("ada", "bob", "dan"), "true"
    )
    assert (work.parent / "out" / "reports" / "ada.json").read_text() == before


def test_regrading_takes_those_that_were_asked_for(grade: Grade, work: Path) -> None:
    (work / "eve.py").unlink()
    batch(grade, work)
    before = (work.parent / "out" / "grades.csv").read_bytes()
    for which, count in (("all", 2), ("failed", 1), ("missing-zero-grad", 1)):
        again = batch(grade, work, "--regrade", which)
        assert f"{count} graded now" in again.stdout
        assert (work.parent / "out" / "grades.csv").read_bytes() == before


def test_a_person_settles_what_needs_one_and_it_stands(grade: Grade, work: Path) -> None:
    batch(grade, work)
    out = work.parent / "out"
    done = grade("override", out, "eve", "--points", 80, "--reason", "Talked to her.", "--who", "Dr. K")
    assert (done.returncode, done.stdout) == (0, "eve: passed, 80 of 100\n")
    assert (rows(work)["eve"]["passed"], rows(work)["eve"]["points"]) == ("true", "80")
    report = json.loads((out / "reports" / "eve.json").read_text())
    assert report["override"]["who"] == "Dr. K"
    assert report["override"]["reason"] == "Talked to her."
    assert "Talked to her." in (out / "reports" / "eve.html").read_text()
    again = batch(grade, work, "--regrade", "all")
    assert again.returncode == 0
    assert rows(work)["eve"]["points"] == "80"


IMPOSSIBLE = [
    ("eve", "101", "x", "not between 0 and 100"),
    ("eve", "nan", "x", "not between 0 and 100"),
    ("eve", "-1", "x", "not between 0 and 100"),
    ("eve", "10", "  ", "--reason"),
    ("Eve", "10", "x", "no submission of 'Eve'"),
]
"""Decisions (student, points, reason) that cannot be, with what is said of them."""


def test_a_decision_that_cannot_be_is_refused(grade: Grade, work: Path) -> None:
    (work / "ada.py").unlink()
    (work / "bob.py").unlink()
    batch(grade, work)
    before = (work.parent / "out" / "grades.csv").read_bytes()
    for student, points, reason, words in IMPOSSIBLE:
        done = grade("override", work.parent / "out", student, f"--points={points}", "--reason", reason)
        assert done.returncode == 2
        assert words in done.stderr
        assert (work.parent / "out" / "grades.csv").read_bytes() == before


def start(home: Path, work: Path, *more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("batch", work, *LOCAL, "-o", work.parent / "out", *more),
        cwd=home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_running(home: Path) -> None:
    """Until the slow submission has begun (it leaves a file in its private folder)."""
    until = time.monotonic() + 60
    while not list(home.glob("tmp/*/run-*/running")):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_an_interrupt_lets_what_runs_finish_and_says_how_to_go_on(
    grade: Grade, home: Path, work: Path
) -> None:
    for number in range(4):
        (work / f"slow{number}.py").write_text(SLOW)
    process = start(home, work, "--jobs", 2)
    until_running(home)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "press Ctrl-C again" in err
    assert "The same command goes on" in err
    assert not (work.parent / "out" / "grades.csv").exists()
    assert (work.parent / "out" / "reports" / "slow0.html").exists(), err
    nothing_is_left(home)
    assert batch(grade, work).returncode == 4
    assert len(rows(work)) == 7


@pytest.mark.parametrize("signals", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,)])
def test_an_end_at_once_loses_nothing(
    grade: Grade, home: Path, work: Path, signals: tuple[signal.Signals, ...]
) -> None:
    (work / "a_slow.py").write_text(SLOW)
    process = start(home, work, "--jobs", 1)
    until_running(home)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.5)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signals[-1]
    assert not (work.parent / "out" / "reports" / "a_slow.json").exists(), "it was waited for"
    assert "Traceback" not in err
    nothing_is_left(home)
    assert batch(grade, work).returncode == 4
    assert len(rows(work)) == 4


def test_impatience_leaves_nothing_behind(grade: Grade, home: Path, work: Path) -> None:
    (work / "a_slow.py").write_text(SLOW)
    process = start(home, work, "--jobs", 1)
    until_running(home)
    for _ in range(8):
        process.send_signal(signal.SIGINT)
        time.sleep(0.03)
    process.communicate(timeout=60)
    # The last ones may meet an interpreter that is shutting down.
    assert process.returncode in (130, -signal.SIGINT)
    nothing_is_left(home)
    assert batch(grade, work).returncode == 4
    assert len(rows(work)) == 4


def test_results_among_the_hand_ins_are_no_hand_ins(grade: Grade, work: Path) -> None:
    for name in ("bob", "eve"):
        (work / f"{name}.py").unlink()
    for out in (work, work / "again"):
        done = grade("batch", work, *LOCAL, "-o", out)
        assert done.returncode == 0
        assert sorted(cohort.read_grades(out)) == ["ada"]


def traversal(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../ada_1_2_loop.py", SOLUTION)


def newer_database(out: Path) -> None:
    out.mkdir()
    with sqlite3.connect(out / "metronome.db") as connection:
        connection.execute("CREATE TABLE metronome (key TEXT PRIMARY KEY, value TEXT)")
        connection.execute("INSERT INTO metronome VALUES ('schema', '99')")
    connection.close()


def refused(grade: Grade, path: Path, out: Path, *more: object) -> str:
    """The sentence of a batch that is refused; nothing is written where results would go."""
    before = sorted(out.rglob("*")) if out.exists() else None
    done = grade("batch", path, "--exercise", cohort.SLUG, "--sandbox", "local", "-o", out, *more)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert (sorted(out.rglob("*")) if out.exists() else None) == before
    return done.stderr


TRUST = "--trust-submissions"


def test_what_cannot_be_read_is_refused_in_a_sentence_and_nothing_is_written(
    grade: Grade, work: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    traversal(tmp_path / "bad.zip")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and then nothing")
    (tmp_path / "twice.csv").write_text("student,name,canvas_id,moodle_id\nada,Ada,1,1\nada,Ada,2,2\n")
    assert "bad.zip" in refused(grade, tmp_path / "bad.zip", out, TRUST)
    assert "broken.zip" in refused(grade, tmp_path / "broken.zip", out, TRUST)
    assert "nowhere" in refused(grade, tmp_path / "nowhere", out, TRUST)
    assert "ada" in refused(grade, work, out, TRUST, "--roster", tmp_path / "twice.csv")
    assert "--regrade" in refused(grade, work, out, TRUST, "--regrade", "no-such-finding")
    assert "--trust-submissions" in refused(grade, work, out)


def test_an_output_folder_that_will_not_do_is_refused(grade: Grade, work: Path, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    newer = tmp_path / "newer"
    newer_database(newer)
    assert "a file" in refused(grade, work, tmp_path / "a file" / "out", TRUST)
    assert "newer Metronome" in refused_with_database(grade, work, newer)
    assert batch(grade, work).returncode == 4
    done = grade("batch", work, *LOCAL, "--exercise", "mnist-from-memory", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "holds results of linreg-torch" in done.stderr
    assert len(rows(work)) == 3


def refused_with_database(grade: Grade, work: Path, out: Path) -> str:
    done = grade("batch", work, *LOCAL, "-o", out)
    assert done.returncode == 2
    assert not (out / "grades.csv").exists()
    return done.stderr


def test_two_batches_do_not_share_a_folder(grade: Grade, home: Path, work: Path) -> None:
    (work / "a_slow.py").write_text(SLOW)
    process = start(home, work)
    until_running(home)
    done = batch(grade, work)
    assert done.returncode == 2
    assert "Another process is at work" in done.stderr
    process.communicate(timeout=60)
    assert process.returncode == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable_is_refused(grade: Grade, work: Path, tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    assert "cannot be written" in refused(grade, work, tmp_path / "shut" / "out", TRUST)
