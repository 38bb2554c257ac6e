"""`grade batch` at the terminal: its words while it works, and its last ones; whole runs are in tests/batch."""

from __future__ import annotations

import io
import os
import re
import signal
from pathlib import Path

import pytest
from rich.console import Console

from grader.batch.run import Result
from grader.cli import batch
from grader.cli.batch import Bar, Lines, closing, verdict
from grader.exercise import load_exercise
from grader.gradebook import Entry, Gradebook
from grader.models import Finding, Report, Score, Submission, VerificationName
from grader.report import failed_report


def report(**changes: object) -> Report:
    submission = Submission(filename="loop.py", source=b"x", exercise="linreg-torch")
    return failed_report(submission, load_exercise("linreg-torch"), "It broke.").model_copy(update=changes)


def error(slug: str) -> Finding:
    return Finding(slug=slug, severity="error", title=slug, evidence="", why="", fix="")


def entry(
    student: str,
    outcome: str = "graded",
    passed: bool | None = True,
    verification: VerificationName = "none",
) -> Entry:
    return Entry(
        student=student,
        file="loop.py",
        outcome=outcome,  # type: ignore[arg-type]
        passed=passed,
        points=None,
        max=100.0,
        verification=verification,
    )


def book(*entries: Entry, **more: tuple[str, ...]) -> Gradebook:
    return Gradebook(
        exercise="linreg-torch", exercise_title="A line", exercise_version=1, entries=entries, **more
    )


def test_a_verdict_is_a_few_words() -> None:
    passed = report(outcome="graded", passed=True, score=Score(points=100.0, max=100.0))
    assert verdict(passed) == "passed, 100 of 100"
    failed = report(
        outcome="graded", passed=False, score=Score(points=61.5, max=100.0), findings=(error("double-step"),)
    )
    assert verdict(failed) == "not passed, 61.5 of 100, double-step"
    assert verdict(report(outcome="needs_person")) == "needs a person"
    assert verdict(report()) == "no result, the grader failed: No result: It broke."


def test_the_last_words_count_and_name_who_is_left() -> None:
    made = book(
        entry("ada", verification="verified"),
        entry("bob", passed=False, verification="verified"),
        entry("eve", "needs_person", None),
        entry("zoe", "grader_error", None),
        unmatched=("stranger",),
        absent=tuple(f"s{number}" for number in range(30)),
    )
    text = closing(Result(book=made, graded=3, kept=1, left=0, seconds=2.04), made, Path("out"))
    assert text.splitlines()[:3] == [
        "4 submissions: 1 passed, 1 not passed, 1 need a person, 1 without a result",
        "2 verified, 2 without verification",
        "3 graded now in 2.0 s, 1 kept",
    ]
    assert "  grades   out/grades.csv" in text
    assert "need a person:\n  eve\n" in text
    assert "not in the roster:\n  stranger\n" in text
    assert "  s19\n  … and 10 more, see summary.json\n" in text


def test_an_empty_class_has_no_line_on_verification() -> None:
    text = closing(Result(book=book(), graded=0, kept=0, left=0, seconds=0.0), book(), Path("out"))
    assert text.splitlines()[:2] == ["0 submissions: nothing to grade", "0 graded now in 0.0 s, 0 kept"]


def test_hostile_names_stay_on_their_line() -> None:
    made = book(entry("e\x1b[2Jve\nada: passed", "needs_person", None))
    text = closing(Result(book=made, graded=1, kept=0, left=0, seconds=1.0), made, Path("out"))
    assert "\x1b" not in text
    assert "\nada: passed" not in text


def test_lines_count_up_from_what_was_kept(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    with lines.open():
        lines.started(3, 1)
        lines.graded("ada", report(outcome="needs_person"))
        lines.interrupted(2)
    assert capsys.readouterr().err.splitlines() == [
        "3 submissions, 1 of them graded already",
        "[2/3] ada: needs a person",
        "Stopping when the 2 that run now are done; press Ctrl-C again to end them at once."
        " The same command goes on with the rest.",
    ]


def test_the_bar_shows_how_many_how_fast_and_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    sink = io.StringIO()
    made = batch._progress()
    made.live.console = Console(file=sink, force_terminal=True, width=100)
    monkeypatch.setattr(batch, "_progress", lambda: made)
    bar = Bar()
    with bar.open():
        bar.started(4, 1)
        bar.graded("ada", report(outcome="needs_person"))
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sink.getvalue())
    assert "4 submissions, 1 of them graded already" in shown
    assert "1/3" in shown
    assert "/min" in shown
    assert "time left" in shown


@pytest.mark.parametrize("jobs", ["0", "65", "many"])
def test_a_number_of_jobs_that_cannot_be_is_usage(run, jobs: str) -> None:  # type: ignore[no-untyped-def]
    done = run("batch", "somewhere", "--exercise", "linreg-torch", "-o", "out", "--jobs", jobs)
    assert done.exit_code == 2


def test_two_interrupts_are_heard_and_a_third_does_not_cut_the_tidying_short() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with batch._two_interrupts():
            for _ in range(2):
                with pytest.raises(KeyboardInterrupt):
                    os.kill(os.getpid(), signal.SIGINT)
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_batch_that_is_not_to_hear_interrupts_hears_none() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with batch._two_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
