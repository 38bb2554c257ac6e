"""Settling by hand in a batch's folder, also in one that was stopped before its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.batch.enrol import enrol
from grader.batch.folder import Folder
from grader.batch.outputs import RunFacts, write_all
from grader.batch.settle import Decision, settle_in_folder
from grader.errors import UsageError
from grader.exercise import load_exercise
from grader.ingest.classroom import class_of
from grader.models import Report, Score
from grader.report import failed_report
from grader.store import jobs

SLUG = "linreg-torch"
FACTS = RunFacts(sandbox="local", started=0.0, seconds=1.0, graded=1, kept=0)
DECISION = Decision(points=80.0, reason="Seen.", who="kim")


def hand_in(handed_in: Path, *students: str) -> None:
    handed_in.mkdir(exist_ok=True)
    for student in students:
        (handed_in / f"{student}.py").write_text("print()\n")


def graded(folder: Folder, handed_in: Path, count: int) -> None:
    """Enrol the class and grade `count` of those that wait, as a batch does that is then stopped."""
    with folder.database.write() as connection:
        enrol(connection, class_of(handed_in), SLUG, None, lambda submission: submission.sha256)
        for _ in range(count):
            claimed = jobs.claim(connection, "worker", 60)
            assert claimed is not None
            assert jobs.finish(connection, claimed, passed(claimed), claimed.stored.key)


def passed(claimed: jobs.Claimed) -> Report:
    made = failed_report(claimed.stored.submission, load_exercise(SLUG), "")
    changes = {"outcome": "graded", "passed": True, "score": Score(points=100.0, max=100.0)}
    return made.model_copy(update=changes)


def points_of(out: Path, student: str) -> float:
    report = json.loads((out / "reports" / f"{student}.json").read_text())
    return float(report["score"]["points"])


def test_a_decision_in_a_batch_that_was_stopped_is_kept_and_the_gradebook_follows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handed_in, out = tmp_path / "in", tmp_path / "out"
    hand_in(handed_in, "ada", "bob")
    with Folder(out, SLUG) as folder:
        graded(folder, handed_in, 1)
    assert settle_in_folder(out, "ada", DECISION).score.points == 80.0
    assert points_of(out, "ada") == 80.0
    assert "stopped before its end" in caplog.text
    assert not (out / "grades.csv").exists()
    with pytest.raises(UsageError, match="has not been graded yet"):
        settle_in_folder(out, "bob", DECISION)
    with Folder(out, SLUG) as folder:
        graded(folder, handed_in, 1)
        assert write_all(folder, FACTS) is not None
    assert "ada,,ada.py,graded,true,80,100," in (out / "grades.csv").read_text()


def test_a_decision_while_a_new_download_waits_leaves_the_old_gradebook_whole(tmp_path: Path) -> None:
    handed_in, out = tmp_path / "in", tmp_path / "out"
    hand_in(handed_in, "ada")
    with Folder(out, SLUG) as folder:
        graded(folder, handed_in, 1)
        write_all(folder, FACTS)
        hand_in(handed_in, "bob")
        graded(folder, handed_in, 0)
    before = (out / "grades.csv").read_text()
    settle_in_folder(out, "ada", DECISION)
    assert points_of(out, "ada") == 80.0
    assert (out / "grades.csv").read_text() == before


def test_a_decision_in_a_batch_that_has_ended_is_in_the_gradebook_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handed_in, out = tmp_path / "in", tmp_path / "out"
    hand_in(handed_in, "ada")
    with Folder(out, SLUG) as folder:
        graded(folder, handed_in, 1)
        write_all(folder, FACTS)
    settle_in_folder(out, "ada", DECISION)
    assert "ada,,ada.py,graded,true,80,100," in (out / "grades.csv").read_text()
    assert caplog.text == ""


def test_what_a_batch_writes_is_no_hand_in_where_it_writes_among_them(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada")
    with Folder(tmp_path, SLUG) as folder:
        graded(folder, tmp_path, 1)
        write_all(folder, FACTS)
        found = class_of(tmp_path)
    assert [item.student for item in found.submissions] == ["ada"]
    assert found.skipped == ()


def test_the_results_of_another_batch_are_no_students(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada")
    with Folder(tmp_path / "results", SLUG) as folder:
        graded(folder, tmp_path, 1)
        write_all(folder, FACTS)
    found = class_of(tmp_path)
    assert [item.student for item in found.submissions] == ["ada"]
    assert found.skipped == ("results: it holds the results of a batch, and no hand-in",)
