"""Sixty submissions as a Canvas zip, many as a Moodle zip: one gradebook, whatever is killed on the way."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests import cohort
from tests.batch.conftest import Grade, command, environment, nothing_is_left

KILLS = 10
STUDENTS = cohort.cohort()
SOME = STUDENTS[::3]
"""Those whose files are handed in by Moodle, too."""
LOCAL = ("--exercise", cohort.SLUG, "--sandbox", "local", "--trust-submissions", "--jobs", "2")


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both zips and the roster."""
    folder = tmp_path_factory.mktemp("downloads")
    cohort.canvas_zip(folder / "canvas.zip", STUDENTS)
    cohort.moodle_zip(folder / "moodle.zip", SOME)
    cohort.roster_csv(folder / "roster.csv", STUDENTS)
    return folder


def arguments(downloads: Path, lms: str, out: Path) -> list[object]:
    """The command that grades the class."""
    return ["batch", downloads / f"{lms}.zip", *LOCAL, "--roster", downloads / "roster.csv", "-o", out]


@pytest.fixture(scope="module")
def undisturbed(grade: Grade, downloads: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of the Canvas zip, graded without a disturbance."""
    out = tmp_path_factory.mktemp("canvas") / "out"
    done = grade(*arguments(downloads, "canvas", out))
    assert done.returncode == 0, done.stderr[-2000:]
    return out


@pytest.mark.xdist_group("sixty")
def test_every_outcome_is_the_known_one(undisturbed: Path) -> None:
    cohort.assert_known(cohort.read_grades(undisturbed), STUDENTS)
    facts = json.loads((undisturbed / "summary.json").read_text())
    assert (facts["submissions"], facts["graded_in_last_run"], facts["unmatched"]) == (60, 60, [])
    assert sorted(facts["late"]) == [item.student for item in STUDENTS if item.late]
    pages = list((undisturbed / "reports").glob("*.html"))
    assert len(pages) == 60
    assert max(page.stat().st_size for page in pages) < 200_000
    assert len(list((undisturbed / "reports").glob("*.json"))) == 60


@pytest.mark.xdist_group("sixty")
def test_moodle_and_canvas_agree_in_every_row(
    grade: Grade, downloads: Path, undisturbed: Path, tmp_path: Path
) -> None:
    done = grade(*arguments(downloads, "moodle", tmp_path / "out"))
    assert done.returncode == 0, done.stderr[-2000:]
    canvas, moodle = cohort.read_grades(undisturbed), cohort.read_grades(tmp_path / "out")
    rows = [{item.student: table[item.student] for item in SOME} for table in (moodle, canvas)]
    assert cohort.compared(rows[0]) == cohort.compared(rows[1])


@pytest.mark.xdist_group("sixty")
def test_killed_ten_times_and_resumed_the_gradebook_is_byte_equal(
    grade: Grade, downloads: Path, undisturbed: Path, tmp_path: Path, home: Path
) -> None:
    out, chance = tmp_path / "out", random.Random(60)
    line = command(*arguments(downloads, "canvas", out))
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            line,
            cwd=home,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # From the first import to well into the grading; most of the sixty are graded within it.
        time.sleep(chance.uniform(0.3, 9.0))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed >= KILLS - 2, "it was through before it could be killed"
    nothing_is_left(home)
    done = grade(*arguments(downloads, "canvas", out))
    assert done.returncode == 0, done.stderr[-2000:]
    assert (out / "grades.csv").read_bytes() == (undisturbed / "grades.csv").read_bytes()
    assert gradings(out) == [1] * 60
    again = grade(*arguments(downloads, "canvas", out))
    assert "0 graded now" in again.stdout
    assert (out / "grades.csv").read_bytes() == (undisturbed / "grades.csv").read_bytes()


def gradings(out: Path) -> list[int]:
    """How often each submission of a batch got a result."""
    from sqlalchemy import select

    from grader.store.database import open_database
    from grader.store.schema import jobs

    with open_database(out / "metronome.db", create=False) as database, database.read() as connection:
        return list(connection.execute(select(jobs.c.gradings)).scalars())


@pytest.mark.docker
def test_a_shorter_class_through_containers(grade: Grade, tmp_path: Path) -> None:
    few = [item for item in STUDENTS if item.student in ("s005", "s034", "s041", "s049", "s057")]
    cohort.canvas_zip(tmp_path / "canvas.zip", few)
    cohort.moodle_zip(tmp_path / "moodle.zip", few)
    cohort.roster_csv(tmp_path / "roster.csv", few)
    rows = []
    for lms in ("canvas", "moodle"):
        out = tmp_path / lms
        more = ["--sandbox", "docker", "--roster", tmp_path / "roster.csv", "-o", out, "--jobs", 2]
        done = grade(
            "batch", tmp_path / f"{lms}.zip", "--exercise", cohort.SLUG, *more, GRADE_ISOLATION="fork"
        )
        assert done.returncode == 0, done.stderr[-2000:]
        rows.append(cohort.read_grades(out))
        cohort.assert_known(rows[-1], few)
        # What did not get through left nothing to verify.
        assert {name: row["verification"] for name, row in rows[-1].items()} == {
            item.student: "verified" if item.outcome == "graded" else "none" for item in few
        }
    assert cohort.compared(rows[0]) == cohort.compared(rows[1])
