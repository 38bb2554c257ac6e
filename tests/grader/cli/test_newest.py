"""Only the newest save is graded and told; one session serves all of them, unless a grading does not end."""

import threading
import time

import pytest

from grader.cli.newest import PATIENCE, Newest, Save
from grader.errors import ExaminerError, MetronomeError
from grader.ingest.loop import Ingested
from grader.models import Submission
from grader.settings import Settings
from tests.grader.cli.conftest import report

SOON = 5.0


class FakeSession:
    """Grades what it is told to: `slow` waits for `go`, `early` has a report that is not whole, `raises` fails."""

    made: list["FakeSession"]

    def __init__(self, settings, *, trusted, notice=None):
        assert trusted
        self.settings = settings
        self.graded = []
        self.go = threading.Event()
        self.closed = threading.Event()
        FakeSession.made.append(self)

    def beside(self):
        return FakeSession(self.settings, trusted=True)

    def grade(self, submission, problem="", *, early):
        source = submission.source.decode()
        self.graded.append(source)
        if "early" in source:
            early(report(summary=f"early {source}"))
        if "slow" in source:
            while not self.go.wait(0.01):
                if self.closed.is_set():
                    raise MetronomeError("The session is closed.")
        if "fails" in source:
            raise ExaminerError("The examiner failed.")
        if "raises" in source:
            raise ZeroDivisionError
        return report(summary=source)

    def close(self):
        self.closed.set()


@pytest.fixture(autouse=True)
def sessions(monkeypatch):
    FakeSession.made = []
    monkeypatch.setattr("grader.cli.newest.Session", FakeSession)
    return FakeSession.made


@pytest.fixture
def newest(sessions):
    with Newest(Settings(), lambda text: None) as newest:
        yield newest
    assert all(session.closed.is_set() for session in sessions)


def save(source, number=1, since=0.0):
    return Save(
        number,
        since,
        Ingested(Submission(filename="loop.py", source=source.encode(), exercise="linreg-torch"), ""),
    )


def told(newest, count, now=0.0):
    """The first `count` reports that come: number of the save, summary, whether it is whole."""
    got, until = [], time.monotonic() + SOON
    while len(got) < count and time.monotonic() < until:
        got += [(item.save.number, item.report.summary, item.whole) for item in newest.turn(now)]
        time.sleep(0.005)
    return got


def begun(newest, session, count):
    """Turn until that many gradings have begun."""
    until = time.monotonic() + SOON
    while len(session.graded) < count and time.monotonic() < until:
        assert newest.turn(0.0) == []
        time.sleep(0.005)
    assert len(session.graded) == count


def test_save_after_save_is_graded_in_one_session(newest, sessions):
    for number in range(3):
        newest.want(save("x", number))
        assert told(newest, 1) == [(number, "x", True)]
    assert len(sessions) == 1


def test_a_save_is_graded_once(newest, sessions):
    newest.want(save("x"))
    told(newest, 1)
    for _ in range(20):
        assert newest.turn(0.0) == []
    assert sessions[0].graded == ["x"]


def test_the_early_report_comes_before_the_whole_one(newest):
    newest.want(save("early"))
    assert told(newest, 2) == [(1, "early early", False), (1, "early", True)]


def test_an_older_report_is_never_told_once_there_is_a_newer_save(newest, sessions):
    newest.want(save("slow early", 1))
    assert told(newest, 1) == [(1, "early slow early", False)]
    newest.want(save("b", 2))
    newest.want(save("c", 3))
    sessions[0].go.set()
    assert told(newest, 1) == [(3, "c", True)]
    assert sessions[0].graded == ["slow early", "c"]
    assert len(sessions) == 1


def test_an_overtaken_grading_that_does_not_end_is_ended_and_the_newest_graded_elsewhere(newest, sessions):
    newest.want(save("slow", 1))
    begun(newest, sessions[0], 1)
    newest.want(save("b", 2, since=10.0))
    assert newest.turn(10.0 + PATIENCE - 0.1) == []
    assert not sessions[0].closed.is_set()
    assert told(newest, 1, now=10.0 + PATIENCE + 0.1) == [(2, "b", True)]
    assert sessions[0].closed.is_set()
    assert [session.graded for session in sessions] == [["slow"], ["b"]]


def test_a_grading_that_is_not_overtaken_may_take_its_time(newest, sessions):
    newest.want(save("slow"))
    begun(newest, sessions[0], 1)
    assert newest.turn(1000.0) == []
    sessions[0].go.set()
    assert told(newest, 1) == [(1, "slow", True)]


def test_where_the_file_is_gone_nothing_is_told(newest, sessions):
    newest.want(save("slow"))
    begun(newest, sessions[0], 1)
    newest.want(None)
    sessions[0].go.set()
    for _ in range(20):
        assert newest.turn(1000.0) == []
        time.sleep(0.005)
    newest.want(save("back", 2))
    assert told(newest, 1) == [(2, "back", True)]


def test_our_failure_is_a_report_and_the_next_save_is_graded(newest):
    newest.want(save("fails", 1))
    assert told(newest, 1) == [(1, "No result: The examiner failed.", True)]
    newest.want(save("x", 2))
    assert told(newest, 1) == [(2, "x", True)]


def test_a_bug_of_ours_is_raised_where_it_is_seen(newest):
    newest.want(save("raises"))
    with pytest.raises(ZeroDivisionError):
        told(newest, 1)


def test_leaving_ends_a_grading_under_way(sessions):
    with Newest(Settings(), lambda text: None) as newest:
        newest.want(save("slow"))
        begun(newest, sessions[0], 1)
    assert sessions[0].closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
