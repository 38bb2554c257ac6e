"""The local engine: jobs are done once, failures of ours are tried again, and stopping loses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from grader.engine import local
from grader.engine.base import Graded
from grader.engine.local import TRIES, LocalEngine
from grader.errors import MetronomeError, SandboxBroken, StoreError, UnknownExercise
from grader.exercise import load_exercise
from grader.models import Report, Submission
from grader.report import failed_report
from grader.store import jobs, outbox, results, schema, submissions
from grader.store.database import Database, open_database

SLUG = "linreg-torch"


def report_on(submission: Submission) -> Report:
    """A report that says whose file it is on."""
    made = failed_report(submission, load_exercise(SLUG), "made up")
    return made.model_copy(update={"outcome": "graded", "passed": True, "summary": submission.student})


class StubGrader:
    """Grades without running anything; `behave` may raise, wait or count."""

    def __init__(self, behave: Callable[[Submission], None] = lambda submission: None) -> None:
        self.behave = behave
        self.closed = threading.Event()

    def grade(self, submission: Submission, problem: str = "") -> Report:
        self.behave(submission)
        if self.closed.is_set():
            raise SandboxBroken("The sandbox ended before it answered.")
        return report_on(submission)

    def digest(self, slug: str) -> str:
        return "d" * 64

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "metronome.db") as opened:
        yield opened


def hand_in(database: Database, *students: str, callback: str | None = None) -> list[int]:
    """Submissions of these students, queued; their numbers."""
    with database.write() as connection:
        return [
            submissions.keep(
                connection,
                submissions.HandedIn(
                    external_id=student,
                    submission=Submission(filename="loop.py", source=b"x", exercise=SLUG, student=student),
                    callback=callback,
                ),
                "k" * 64,
            ).id
            for student in students
        ]


def drained(database: Database, behave: Callable[[Submission], None], workers: int = 2) -> list[Graded]:
    """Run a draining engine to its end; what it said."""
    heard: list[Graded] = []
    engine = LocalEngine(database, lambda: StubGrader(behave), workers, hear=heard.append, drain=True)
    engine.start()
    assert engine.join(60)
    engine.stop()
    assert engine.failure is None
    return heard


def test_every_job_is_done_once_by_several_workers(database: Database) -> None:
    numbers = hand_in(database, *(f"s{number}" for number in range(40)))
    seen: list[str] = []
    heard = drained(database, lambda submission: seen.append(submission.student), workers=4)
    assert sorted(seen) == sorted(f"s{number}" for number in range(40))
    assert sorted(graded.stored.id for graded in heard) == numbers
    with database.read() as connection:
        found = dict(results.reports_of(connection, numbers))
        assert jobs.counts(connection) == {"done": 40}
    assert {number: report.summary for number, report in found.items()} == {
        number: f"s{index}" for index, number in enumerate(numbers)
    }


def test_a_result_and_its_message_come_together(database: Database) -> None:
    hand_in(database, "ada", callback="lms")
    drained(database, lambda submission: None)
    with database.write() as connection:
        (message,) = outbox.take_due(connection, 10, 60)
    assert message.payload["student_id"] == "ada"
    assert message.payload["report"]["summary"] == "ada"  # type: ignore[index]


def test_our_failure_is_tried_again_and_then_succeeds(database: Database) -> None:
    (number,) = hand_in(database, "ada")
    tries: list[int] = []

    def twice_wrong(submission: Submission) -> None:
        tries.append(1)
        if len(tries) < TRIES:
            raise SandboxBroken("The sandbox ended before it answered.")

    drained(database, twice_wrong)
    with database.read() as connection:
        report = results.report_of(connection, number)
    assert report is not None
    assert (len(tries), report.outcome) == (TRIES, "graded")


@pytest.mark.parametrize("error", [SandboxBroken("It broke."), ZeroDivisionError("secret text")])
def test_our_failure_for_good_is_a_result_that_charges_nobody(
    database: Database, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    ada, bob = hand_in(database, "ada", "bob")

    def never(submission: Submission) -> None:
        if submission.student == "ada":
            raise error

    drained(database, never)
    with database.read() as connection:
        failed, fine = results.report_of(connection, ada), results.report_of(connection, bob)
    assert failed is not None
    assert fine is not None
    assert (failed.outcome, failed.passed, failed.score.points) == ("grader_error", None, None)
    assert "secret text" not in failed.summary + caplog.text
    assert fine.outcome == "graded"


def test_stopping_lets_what_runs_come_to_its_end_and_leaves_the_rest(database: Database) -> None:
    hand_in(database, "ada", "bob", "eve")
    begun, go_on = threading.Event(), threading.Event()

    def slow(submission: Submission) -> None:
        begun.set()
        go_on.wait(30)

    engine = LocalEngine(database, lambda: StubGrader(slow), 1)
    engine.start()
    assert begun.wait(30)
    assert engine.busy() == 1
    engine.finish_soon()
    go_on.set()
    engine.stop()
    with database.read() as connection:
        assert jobs.counts(connection) == {"done": 1, "queued": 2}


def test_aborting_ends_what_runs_and_puts_it_back_without_blame(database: Database) -> None:
    (number,) = hand_in(database, "ada")
    begun, graders = threading.Event(), []

    def make() -> StubGrader:
        grader = StubGrader()

        def until_closed(submission: Submission) -> None:
            begun.set()
            grader.closed.wait(30)

        grader.behave = until_closed
        graders.append(grader)
        return grader

    engine = LocalEngine(database, make, 1)
    engine.start()
    assert begun.wait(30)
    engine.stop(abort=True)
    with database.read() as connection:
        stored = submissions.by_number(connection, number)
        assert results.report_of(connection, number) is None
    assert stored is not None
    assert stored.state == "queued"
    assert all(grader.closed.is_set() for grader in graders)


def test_a_waiting_engine_takes_a_new_job_at_once_when_woken(database: Database) -> None:
    heard = threading.Event()
    engine = LocalEngine(database, StubGrader, 2, hear=lambda graded: heard.set())
    engine.start()
    try:
        time.sleep(0.3)
        assert engine.alive()
        hand_in(database, "ada")
        engine.wake()
        assert heard.wait(10)
    finally:
        engine.stop()
    assert not engine.alive()


def test_a_job_whose_worker_died_is_taken_again_when_its_lease_ran_out(database: Database) -> None:
    (number,) = hand_in(database, "ada")
    with database.write() as connection:
        assert jobs.claim(connection, "a process that died", 0.2) is not None
    heard = drained(database, lambda submission: None)
    assert [graded.stored.id for graded in heard] == [number]


def test_the_heartbeat_keeps_a_long_job_from_being_taken_twice(database: Database) -> None:
    hand_in(database, "ada")
    times: list[str] = []

    def longer_than_the_lease(submission: Submission) -> None:
        times.append(submission.student)
        time.sleep(1.5)

    engine = LocalEngine(database, lambda: StubGrader(longer_than_the_lease), 2, drain=True, lease=0.5)
    engine.start()
    assert engine.join(60)
    engine.stop()
    assert times == ["ada"]


def test_a_database_that_fails_ends_a_draining_engine_with_its_sentence(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(database, "ada")

    def broken(*_: object) -> None:
        raise StoreError("The database failed: disk I/O error.")

    monkeypatch.setattr(jobs, "claim", broken)
    engine = LocalEngine(database, StubGrader, 2, drain=True)
    engine.start()
    assert engine.join(60)
    engine.stop()
    assert isinstance(engine.failure, StoreError)


def test_a_waiting_engine_outlives_a_failure_of_the_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, heard = jobs.claim, threading.Event()

    def broken(*_: object) -> None:
        raise StoreError("The database failed: the connection was closed.")

    monkeypatch.setattr(jobs, "claim", broken)
    engine = LocalEngine(database, StubGrader, 1, hear=lambda graded: heard.set())
    engine.start()
    try:
        time.sleep(0.3)
        assert not engine.alive()
        monkeypatch.setattr(jobs, "claim", claim)
        hand_in(database, "ada")
        engine.wake()
        assert heard.wait(20)
        assert engine.alive()
    finally:
        engine.stop()


def test_a_job_whose_result_could_not_be_kept_is_taken_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(database, "ada")
    finish, heard, tries = jobs.finish, threading.Event(), []

    def broken_once(connection: Connection, claimed: jobs.Claimed, report: Report, key: str) -> bool:
        tries.append(1)
        if len(tries) == 1:
            raise StoreError("The database failed: the connection was closed.")
        return finish(connection, claimed, report, key)

    monkeypatch.setattr(jobs, "finish", broken_once)
    engine = LocalEngine(database, StubGrader, 2, hear=lambda graded: heard.set(), lease=1.0)
    engine.start()
    try:
        assert heard.wait(20), "the heartbeat kept alive what nobody does any more"
    finally:
        engine.stop()


def test_a_fault_while_a_result_is_kept_is_our_failure_and_ends_no_worker(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = hand_in(database, "ada", "bob")
    finish = jobs.finish

    def broken_for_ada(connection: Connection, claimed: jobs.Claimed, report: Report, key: str) -> bool:
        if report.summary == "ada":
            raise ValueError("it cannot be written as JSON")
        return finish(connection, claimed, report, key)

    monkeypatch.setattr(jobs, "finish", broken_for_ada)
    drained(database, lambda submission: None, workers=1)
    with database.read() as connection:
        reports = dict(results.reports_of(connection, [ada, bob]))
    assert {number: report.outcome for number, report in reports.items()} == {
        ada: "grader_error",
        bob: "graded",
    }


def test_a_job_for_an_exercise_that_is_gone_ends_no_worker(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(slug: str) -> None:
        raise UnknownExercise("There is no such exercise.")

    def fails_for_ada(submission: Submission) -> None:
        if submission.student == "ada":
            gone(submission.exercise)

    hand_in(database, "ada")
    with database.write() as connection:
        connection.execute(schema.jobs.update().values(failures=TRIES - 1))
    monkeypatch.setattr(local, "load_exercise", gone)
    heard = threading.Event()
    engine = LocalEngine(database, lambda: StubGrader(fails_for_ada), 1, hear=lambda graded: heard.set())
    engine.start()
    try:
        time.sleep(0.3)
        hand_in(database, "bob")
        engine.wake()
        assert heard.wait(20)
        assert engine.alive()
    finally:
        engine.stop()


def test_what_is_missing_is_said_when_the_engine_is_made(database: Database) -> None:
    def impossible() -> StubGrader:
        raise MetronomeError("No engine.")

    with pytest.raises(MetronomeError, match="No engine"):
        LocalEngine(database, impossible, 2)


def test_the_job_key_tells_file_student_and_digest_apart(database: Database) -> None:
    engine = LocalEngine(database, StubGrader, 1)
    keys = {
        engine.key_of(Submission(filename="loop.py", source=source, exercise=SLUG, student=student))
        for source in (b"x", b"y")
        for student in ("ada", "bob")
    }
    engine.stop()
    assert len(keys) == 4
