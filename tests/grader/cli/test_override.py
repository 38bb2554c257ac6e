"""`grade override`: what has to be named, and whose decision it is."""

from __future__ import annotations

import pytest

from grader.batch import settle
from grader.batch.settle import Decision
from grader.cli import override
from grader.exercise import load_exercise
from grader.models import Report, Score, Submission
from grader.report import failed_report


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What would have been settled."""
    calls: list[tuple[object, ...]] = []

    def settle_it(*arguments: object) -> Report:
        calls.append(arguments)
        submission = Submission(filename="loop.py", source=b"x", exercise="linreg-torch")
        made = failed_report(submission, load_exercise("linreg-torch"), "It broke.")
        return made.model_copy(
            update={"passed": True, "outcome": "graded", "score": Score(points=80.0, max=100.0)}
        )

    monkeypatch.setattr(settle, "settle_in_folder", settle_it)
    monkeypatch.setattr(settle, "settle_in_database", settle_it)
    monkeypatch.setattr("getpass.getuser", lambda: "kim")
    return calls


def test_in_a_folder_the_student_is_named_and_the_decider_is_who_runs_it(run, settled) -> None:  # type: ignore[no-untyped-def]
    done = run("override", "out", "eve", "--points", "80", "--reason", "Seen.")
    assert (done.exit_code, done.output) == (0, "eve: passed, 80 of 100\n")
    ((folder, student, decision),) = settled
    assert (str(folder), student) == ("out", "eve")
    assert decision == Decision(points=80.0, reason="Seen.", who="kim", passed=None)


def test_in_a_database_the_submission_alone_is_named(run, settled) -> None:  # type: ignore[no-untyped-def]
    arguments = [
        "--database",
        "sqlite:///m.db",
        "--points",
        "3",
        "--reason",
        "x",
        "--not-passed",
        "--who",
        "K",
    ]
    assert run("override", "sub-1", *arguments).exit_code == 0
    assert settled == [("sqlite:///m.db", "sub-1", Decision(points=3.0, reason="x", who="K", passed=False))]


@pytest.mark.parametrize(
    "arguments",
    [
        ("out", "--points", "1", "--reason", "x"),
        ("a", "b", "c", "--points", "1", "--reason", "x"),
        ("a", "b", "--database", "sqlite:///m.db", "--points", "1", "--reason", "x"),
        ("out", "eve", "--reason", "x"),
        ("out", "eve", "--points", "1"),
        ("out", "eve", "--points", "many", "--reason", "x"),
    ],
)
def test_what_is_missing_or_too_much_is_usage(run, settled, arguments: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    assert run("override", *arguments).exit_code == 2
    assert settled == []


def test_a_user_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert override._user() == "unknown"
