"""`grade watch` in a process of its own: saves of every kind in, reports out, and nothing left behind."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from itertools import pairwise

import pytest

from grader.exercise import load_exercise
from tests.cli.test_submit_for_real import (
    ENDLESS,
    SECONDS,
    containers_of,
    environment,
    hand_in,
    nothing_is_left,
    processes_of,
)

EXERCISE = load_exercise("linreg-torch")
RIGHT = (EXERCISE.reference / "solution.py").read_text()
WRONG = (EXERCISE.reference / "bugs" / "missing_zero_grad.py").read_text()
STARTER = (EXERCISE.folder / "starter.py").read_text()


OPTIONS = ("--exercise", "linreg-torch")


class Watched:
    """A running `grade watch`, which writes into files unless it is given another standard output."""

    def __init__(self, home, stdout=None, sandbox="local"):
        self.home = home
        with open(home / "out", "wb") as out, open(home / "err", "wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "grader.cli", "watch", "loop.py", *OPTIONS, "--sandbox", sandbox],
                cwd=home / "work",
                env=environment(home, TERM="xterm", COLUMNS="80", LINES="30"),
                stdout=out if stdout is None else stdout,
                stderr=err,
            )

    @property
    def out(self):
        """What has been written so far."""
        return (self.home / "out").read_text()

    @property
    def err(self):
        """The same of stderr."""
        return (self.home / "err").read_text()

    @property
    def reports(self):
        """(number of the save, first line of its report) of each report that is there."""
        return re.findall(r"^--- loop\.py, save (\d+) at [\d:]{8}, graded in .*\n(.*)\n", self.out, re.M)

    def wait(self, ready, seconds=SECONDS):
        """Until `ready` gives something; that, and how long it took."""
        begun = time.monotonic()
        while not (got := ready()):
            assert self.process.poll() is None, self.err
            assert time.monotonic() < begun + seconds, (self.out[-3000:], self.err)
            time.sleep(0.005)
        return got, time.monotonic() - begun

    def report(self, number):
        """The first line of the report on that save, once it is there."""
        return self.wait(lambda: dict(self.reports).get(str(number)))[0]

    def kill(self):
        """End it, whatever state it is in."""
        self.process.kill()
        self.process.wait(timeout=SECONDS)

    def end(self, with_signal=signal.SIGINT):
        """Its exit code; it has shown no traceback, and nothing of it is left."""
        self.process.send_signal(with_signal)
        try:
            code = self.process.wait(timeout=SECONDS)
        finally:
            self.kill()
        assert "Traceback" not in self.out + self.err
        nothing_is_left(self.home, self.process.pid)
        return code


@pytest.fixture
def watched(home):
    """`grade watch` on a right loop, which has been graded once."""
    hand_in(home, RIGHT)
    watched = Watched(home)
    try:
        assert watched.report(1).startswith("PASSED   100 of 100")
        yield watched
    finally:
        watched.kill()


def replaced(home, source):
    """Saved as many editors do: another file is written, and takes the name."""
    other = hand_in(home, source, ".loop.py.tmp")
    other.replace(home / "work" / "loop.py")


def test_every_save_is_graded_and_the_last_state_is_told_last(watched, home):
    hand_in(home, WRONG)
    assert watched.report(2).startswith("NOT PASSED")
    replaced(home, RIGHT)
    assert watched.report(3).startswith("PASSED   100 of 100")
    hand_in(home, "def train(model,\n")
    assert watched.report(4).startswith("NOT PASSED: the program did not get through")
    assert "is not valid Python" in watched.out
    for source in (STARTER, WRONG, "", RIGHT[:100], RIGHT):
        hand_in(home, source)
        time.sleep(0.01)
    watched.wait(lambda: watched.reports[-1][1].startswith("PASSED"))
    numbers = [int(number) for number, _ in watched.reports]
    assert all(before < after for before, after in pairwise(numbers))
    assert watched.end() == 130


def test_a_file_that_goes_away_is_waited_for(watched, home):
    (home / "work" / "loop.py").unlink()
    watched.wait(lambda: "There is no file loop.py. Waiting for it." in watched.err)
    hand_in(home, WRONG)
    assert watched.report(2).startswith("NOT PASSED")
    assert watched.end(signal.SIGTERM) == 128 + signal.SIGTERM


def test_a_loop_that_never_ends_is_left_for_the_next_save(watched, home):
    hand_in(home, ENDLESS)
    watched.wait(lambda: list((home / "tmp").rglob("running")))
    hand_in(home, RIGHT)
    _, seconds = watched.wait(lambda: not list((home / "tmp").rglob("running")))
    assert seconds < EXERCISE.limits.deadline / 2
    watched.wait(lambda: watched.reports[-1][0] == "3")
    assert [number for number, _ in watched.reports] == ["1", "3"]
    assert watched.reports[-1][1].startswith("PASSED   100 of 100")
    assert watched.end() == 130


def test_ctrl_c_while_a_loop_runs_leaves_nothing(watched, home):
    hand_in(home, ENDLESS)
    watched.wait(lambda: list((home / "tmp").rglob("running")))
    assert len(processes_of(home)) >= 3  # the command, the zygote and its child
    assert watched.end() == 130
    assert len(watched.reports) == 1


@pytest.mark.docker
def test_in_containers_every_save_is_graded_and_none_is_left(home):
    hand_in(home, RIGHT)
    watched = Watched(home, sandbox="docker")
    try:
        assert watched.report(1).startswith("PASSED   100 of 100")
        hand_in(home, WRONG)
        assert watched.report(2).startswith("NOT PASSED")
        hand_in(home, ENDLESS)
        time.sleep(1)
        replaced(home, RIGHT)
        watched.wait(lambda: watched.reports[-1][1].startswith("PASSED"))
        assert containers_of(watched.process.pid)
        assert watched.end() == 130
    finally:
        watched.kill()


def test_a_wrong_call_is_told_at_once(home):
    watched = Watched(home)
    assert watched.process.wait(timeout=SECONDS) == 2
    assert watched.err == "grade: There is no file loop.py.\n"
    assert watched.out == ""


def test_a_reader_that_goes_away_ends_it(home):
    hand_in(home, RIGHT)
    ours, theirs = os.pipe()
    watched = Watched(home, stdout=theirs)
    os.close(theirs)
    try:
        assert os.read(ours, 3) == b"---"
        os.close(ours)
        hand_in(home, WRONG)
        assert watched.process.wait(timeout=SECONDS) == 0
        nothing_is_left(home, watched.process.pid)
    finally:
        watched.kill()


def test_a_terminal_that_goes_away_ends_it(home):
    hand_in(home, RIGHT)
    ours, theirs = pty.openpty()
    watched = Watched(home, stdout=theirs)
    os.close(theirs)
    try:
        assert os.read(ours, 1) == b"\x1b"
        os.close(ours)
        watched.process.wait(timeout=SECONDS)
        assert watched.err == ""
        assert not (home / "home" / ".local").exists()  # no account of a failure of ours
        nothing_is_left(home, watched.process.pid)
    finally:
        watched.kill()


def test_on_a_terminal_the_report_is_redrawn_and_the_last_one_left_behind(home):
    hand_in(home, RIGHT)
    ours, theirs = pty.openpty()
    watched = Watched(home, stdout=theirs)
    os.close(theirs)
    try:
        seen = bytearray()

        def text():
            if select.select([ours], [], [], 0)[0]:
                seen.extend(os.read(ours, 1 << 16))
            return seen.decode("utf-8", "replace")

        watched.wait(lambda: "100 of 100 points" in text())
        hand_in(home, WRONG)
        watched.wait(lambda: "NOT PASSED" in text() and "save 2" in text())
        assert "\x1b[?1049h" in text()
        assert "---" not in text()
        watched.process.send_signal(signal.SIGINT)
        watched.wait(lambda: "Ran in local mode" in text().rpartition("\x1b[?1049l")[2])
        assert "missing-zero-grad" in text().rpartition("\x1b[?1049l")[2]
        assert watched.process.wait(timeout=SECONDS) == 130
        nothing_is_left(home, watched.process.pid)
    finally:
        watched.kill()
        os.close(ours)
