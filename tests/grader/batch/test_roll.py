"""The roll: names of files that no student can choose, and the gradebook's lines."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.batch.roll import LONGEST_NAME, Place, Roll, entry, gradebook, keep_roll, kept_roll, stems
from grader.errors import BadOutput
from grader.exercise import load_exercise
from grader.models import Finding, Report, RequirementResult, Score, Submission, Verification
from grader.report import failed_report
from grader.store.database import open_database


def report(**changes: object) -> Report:
    submission = Submission(filename="loop.py", source=b"x", exercise="linreg-torch")
    return failed_report(submission, load_exercise("linreg-torch"), "It broke.").model_copy(update=changes)


def place(student: str = "ada", number: int = 1, remark: str = "") -> Place:
    return Place(student=student, number=number, stem=student, file="loop.py", id="17", remark=remark)


def test_a_plain_name_is_its_files_name() -> None:
    assert stems(["ada", "s001", "Ольга", "o.hara"]) == {
        name: name for name in ("ada", "s001", "Ольга", "o.hara")
    }


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "..", "", "CON", "nul.txt", "=1+1", "a\0b", "x" * 500]
)
def test_a_name_that_is_none_for_a_file_gets_a_safe_one_of_its_own(name: str) -> None:
    (stem,) = stems([name]).values()
    assert PurePosixPath(stem).name == stem
    assert stem not in ("", ".", "..")
    assert not stem.startswith(".")
    assert len(stem.encode()) <= LONGEST_NAME + 10


def test_names_that_differ_in_case_alone_do_not_meet() -> None:
    found = stems(["Ada", "ada", "bob"])
    assert len({stem.casefold() for stem in found.values()}) == 3
    assert found["bob"] == "bob"


def test_a_student_called_as_anothers_file_is_gets_one_of_their_own() -> None:
    (theirs,) = stems(["Ada Lovelace"]).values()
    for chain in (["Ada Lovelace", theirs, theirs.upper()], [theirs, "Ada Lovelace"]):
        found = stems(chain)
        assert len({stem.casefold() for stem in found.values()}) == len(chain)
        assert found["Ada Lovelace"] == theirs


@given(st.lists(st.text(max_size=40), unique=True, max_size=8))
def test_no_two_students_share_a_file_and_none_leaves_the_folder(students: list[str]) -> None:
    found = list(stems(students).values())
    assert len({stem.casefold() for stem in found}) == len(students)
    assert all("/" not in stem and "\0" not in stem and not stem.startswith(".") for stem in found)


def finding(slug: str, severity: str) -> Finding:
    return Finding(slug=slug, severity=severity, title=slug.title(), evidence="", why="", fix="")  # type: ignore[arg-type]


def test_an_entry_lists_errors_and_warnings_but_no_notes() -> None:
    found = (
        finding("double-step", "error"),
        finding("optimizer-recreated", "warning"),
        finding("x-note", "note"),
    )
    line = entry(
        place(), report(outcome="graded", passed=False, score=Score(points=7.0, max=10.0), findings=found)
    )
    assert line.findings == ("double-step", "optimizer-recreated")
    assert (line.points, line.max, line.passed, line.report) == (7.0, 10.0, False, "reports/ada.html")


def test_an_entry_says_why_nobody_has_decided() -> None:
    row = RequirementResult(
        id="a",
        title="A",
        status="could-not-check",
        points=None,
        max=5,
        required=False,
        reason="no loader seen",
    )
    needs = entry(place(remark="Two files."), report(outcome="needs_person", requirements=(row, row)))
    assert needs.remark == "Could not be checked: no loader seen. Two files."
    assert entry(place(), report()).remark == "No result: It broke."
    assert entry(place(remark="Two files."), report(outcome="graded", passed=True)).remark == "Two files."


@pytest.mark.parametrize("status", ["verified", "observed", "unverified"])
def test_an_entry_says_how_far_the_run_was_verified(status: str) -> None:
    found = Verification(status=status, method="replay")  # type: ignore[arg-type]
    assert entry(place(), report(verification=found)).verification == status


def test_an_entry_of_what_was_not_to_be_verified_says_none() -> None:
    assert entry(place(), report(verification=None)).verification == "none"


def test_an_entry_says_when_a_person_has_to_decide_because_nothing_proves_the_run() -> None:
    def remark(status: str, method: str, **changes: object) -> str:
        found = Verification(status=status, method=method, reason="a\nhook")  # type: ignore[arg-type]
        return entry(place(), report(outcome="needs_person", verification=found, **changes)).remark

    assert remark("observed", "replay") == "Observed, not verified: a hook."
    assert remark("unverified", "replay").startswith(
        "Not verified: a process that did what the run says it did"
    )
    # What cannot be verified at all does not need a person for that reason.
    assert remark("observed", "none", summary="Too much.") == "Too much."
    assert remark("verified", "replay", summary="Too much.") == "Too much."


def test_the_gradebook_keeps_the_order_of_the_roll() -> None:
    roll = Roll(exercise="linreg-torch", places=(place("ada", 2), place("bob", 1)), absent=("eve",))
    book = gradebook(roll, {1: report(), 2: report(findings=(finding("double-step", "error"),))})
    assert [line.student for line in book.entries] == ["ada", "bob"]
    assert book.titles == {"double-step": "Double-Step"}
    assert book.absent == ("eve",)


def test_a_roll_is_kept_with_the_database(tmp_path: Path) -> None:
    roll = Roll(exercise="linreg-torch", places=(place("Ольга"),), skipped=("x: a link",))
    with open_database(tmp_path / "m.db") as database, database.write() as connection:
        with pytest.raises(BadOutput, match="No class was graded"):
            kept_roll(connection)
        keep_roll(connection, roll)
        assert kept_roll(connection) == roll
