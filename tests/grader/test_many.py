"""Many files as a library call: reports as they finish, wrong paths at once, and an end that leaves nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from grader import grade_many
from grader.errors import NoSuchFile, SandboxBroken, UsageError
from grader.exercise import load_exercise
from grader.models import Report, Submission
from grader.settings import Settings

REFERENCE = load_exercise("linreg-torch").reference


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADE_SECRET", "5e" * 32)


def paths(tmp_path: Path, *names: str) -> list[Path]:
    for name in names:
        (tmp_path / name).write_text("def train(): ...\n")
    return [tmp_path / name for name in names]


def test_every_file_gets_its_report(tmp_path: Path) -> None:
    empty = tmp_path / "empty.py"
    empty.write_bytes(b"")
    files = [REFERENCE / "solution.py", REFERENCE / "bugs" / "double_step.py", empty]
    settings = Settings(sandbox="local", student="class of 26")
    found = {
        report.filename: report
        for report in grade_many(files, exercise="linreg-torch", settings=settings, jobs=2)
    }
    assert {name: report.outcome for name, report in found.items()} == {
        "solution.py": "graded",
        "double_step.py": "graded",
        "empty.py": "student_error",
    }
    assert found["solution.py"].passed is True
    assert {report.student for report in found.values()} == {"class of 26"}


def test_a_path_that_is_wrong_raises_before_anything_runs(tmp_path: Path) -> None:
    (there,) = paths(tmp_path, "ada.py")
    with pytest.raises(NoSuchFile, match=r"nobody\.py"):
        grade_many([there, tmp_path / "nobody.py"], exercise="linreg-torch", sandbox="local")
    with pytest.raises(UsageError, match="jobs"):
        grade_many([there], exercise="linreg-torch", sandbox="local", jobs=0)


def test_each_path_can_have_its_own_student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def empty(session: object, submission: Submission, problem: str = "") -> Report:
        raise SandboxBroken(submission.student)

    monkeypatch.setattr("grader.session.Session.grade", empty)
    files = paths(tmp_path, "ada.py", "bob.py")
    reports = grade_many(files, exercise="linreg-torch", sandbox="local", student=lambda path: path.stem)
    assert sorted((report.student, report.outcome) for report in reports) == [
        ("ada", "grader_error"),
        ("bob", "grader_error"),
    ]


def test_a_bug_of_ours_is_raised_where_the_reports_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("grader.session.Session.grade", wrong)
    with pytest.raises(ZeroDivisionError):
        list(grade_many(paths(tmp_path, "ada.py"), exercise="linreg-torch", sandbox="local"))


def test_who_stops_listening_ends_what_runs(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    files = [REFERENCE / "solution.py", *paths(tmp_path, "ada.py"), *[REFERENCE / "bugs/timed_out.py"] * 2]
    reports = grade_many(files, exercise="linreg-torch", sandbox="local", jobs=2)
    next(reports)
    reports.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) == before


def test_no_files_are_no_reports() -> None:
    assert list(grade_many([], exercise="linreg-torch", sandbox="local")) == []
