"""Work in a fork: what it told, how it ended, and that nothing of it stays."""

import os
import sys
import time
from pathlib import Path

import pytest

from grader.examiner.apart import SLACK, Budget, apart

SOON = 20.0


def soon():
    return Budget(SOON)


def children():
    return (Path("/proc/self/task") / str(os.getpid()) / "children").read_text().split()


def test_what_was_told_comes_back_in_order(tmp_path):
    def work(tell):
        for number in range(3):
            tell({"step": number})
        tell({"long": "x" * 300_000})

    told, ended = apart(work, tmp_path, soon())
    assert [item.get("step") for item in told[:3]] == [0, 1, 2]
    assert len(told[3]["long"]) == 300_000
    assert ended is True


def test_nothing_that_the_work_changes_stays(tmp_path):
    def work(tell):
        os.environ["CHANGED"] = "yes"
        sys.path.insert(0, "elsewhere")
        tell({"folder": os.getcwd()})

    before = os.getcwd(), list(sys.path)
    told, _ = apart(work, tmp_path, soon())
    assert told == [{"folder": str(tmp_path)}]
    assert (os.getcwd(), sys.path) == before
    assert "CHANGED" not in os.environ


def test_what_hangs_is_killed_and_what_it_told_is_kept(tmp_path):
    def work(tell):
        tell({"step": 1})
        time.sleep(3600)

    started = time.monotonic()
    assert apart(work, tmp_path, Budget(0.5)) == ([{"step": 1}], False)
    assert 0.5 * SLACK <= time.monotonic() - started < SOON


def test_what_takes_too_much_of_the_processor_is_ended(tmp_path):
    def work(tell):
        tell({"step": 1})
        while True:
            pass

    budget = Budget(0.3)
    assert apart(work, tmp_path, budget) == ([{"step": 1}], False)
    assert budget.spent
    assert apart(lambda tell: tell({"step": 2}), tmp_path, budget) == ([], False)


def test_a_budget_is_shared(tmp_path):
    def work(tell):
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass

    budget = Budget(SOON)
    for number in (1, 2):
        assert apart(work, tmp_path, budget) == ([], True)
        assert SOON - budget.left == pytest.approx(0.2 * number, abs=0.1 * number)
    assert not budget.spent


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(0), KeyboardInterrupt()])
def test_what_an_exception_ends_has_not_ended_by_itself(tmp_path, capfd, error):
    def work(tell):
        tell({"step": 1})
        raise error

    assert apart(work, tmp_path, soon()) == ([{"step": 1}], False)
    assert type(error).__name__ in capfd.readouterr().err


def test_what_is_printed_goes_nowhere(tmp_path, capfd):
    def work(tell):
        print("a loop's progress", flush=True)
        tell({})

    assert apart(work, tmp_path, soon()) == ([{}], True)
    assert capfd.readouterr() == ("", "")


def test_no_process_and_no_descriptor_is_left(tmp_path):
    before = set(os.listdir("/proc/self/fd")), children()
    apart(lambda tell: tell({}), tmp_path, soon())
    apart(lambda tell: time.sleep(3600), tmp_path, Budget(0.05))
    assert (set(os.listdir("/proc/self/fd")), children()) == before
