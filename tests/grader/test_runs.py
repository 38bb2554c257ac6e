"""How often a file is run until it is known what may be believed of it."""

from __future__ import annotations

from typing import Any

import pytest

from grader.exercise import load_exercise
from grader.launch.base import Job
from grader.models import Submission
from grader.runs import Ran, Runs
from grader.verify import Replayed
from sandbox import trace
from tests.grader.test_verify import end

EXERCISE = load_exercise("early-stopping")
KNOWN = trace.Script(id=0, ops=[["D", 0, 0], ["S", 0]])
UNKNOWN = trace.Script(id=0, ops=[["?", "", "weights that are loaded"]])
WHOLE = end()
BROKEN = end(finished=False)


class Staged(Runs):
    """Runs that leave what they are told to, and replays that come to what they are told to.

    `untraced` and `traced` are the records of such runs; `replays` what becomes of them, by whether they were traced.
    """

    def stage(self, untraced: Any, traced: Any, replays: dict[bool, str]) -> Staged:
        self.records, self.replays = {False: untraced, True: traced}, replays
        self.did: list[str] = []
        return self

    def _once(self, parameters: Any, *, traced: bool) -> tuple[Ran, Job]:
        self.did.append("traced run" if traced else "run")
        return Ran(None, tuple(self.records[traced])), Job(files={}, fields={"traced": traced})  # type: ignore[arg-type]

    def _replayed(self, ran: Ran, job: Job) -> Replayed:
        self.did.append("replay")
        return Replayed(self.replays[bool(job.fields["traced"])], "why", 3, ran.records)

    def _transfers(self, ran: Ran, job: Job) -> bool:
        self.did.append("transfer")
        return True


def staged(untraced: Any, second: Any = (KNOWN, WHOLE), **replays: str) -> Staged:
    """Stage runs of an exercise; `replays` are of runs `plain` and `traced`."""
    submission = Submission(filename="loop.py", source=b"", exercise=EXERCISE.slug)
    nothing: Any = None
    runs = Staged(submission, EXERCISE, nothing, nothing, nothing, nothing, lambda _: None, verify=True)
    return runs.stage(untraced, second, {False: replays.get("plain", ""), True: replays.get("traced", "")})


def status(ran: Ran) -> str:
    assert ran.verification is not None
    return ran.verification.status


def test_what_can_be_executed_as_it_was_told_is_run_once() -> None:
    runs = staged([KNOWN, WHOLE], plain="equal")
    assert status(runs.run("running")) == "verified"
    assert runs.did == ["run", "replay"]


def test_what_came_to_something_else_is_traced() -> None:
    runs = staged([KNOWN, WHOLE], plain="different", traced="equal")
    assert status(runs.run("running")) == "verified"
    assert runs.did == ["run", "replay", "traced run", "replay", "transfer"]


def test_what_says_itself_that_it_cannot_be_executed_is_traced_at_once() -> None:
    runs = staged([UNKNOWN, WHOLE], traced="equal")
    assert status(runs.run("running")) == "verified"
    assert runs.did == ["run", "traced run", "replay", "transfer"]


def test_with_other_parameters_it_is_traced_from_the_beginning() -> None:
    runs = staged([UNKNOWN, WHOLE], traced="equal")
    runs.run("running")
    runs.did.clear()
    assert status(runs.run("running again", {"patience": 1})) == "verified"
    assert runs.did == ["traced run", "replay"]


@pytest.mark.parametrize("traced", ["different", "unknown"])
def test_where_tracing_did_not_help_the_next_run_is_like_the_first(traced: str) -> None:
    runs = staged([UNKNOWN, WHOLE], traced=traced)
    assert status(runs.run("running")) != "verified"
    runs.did.clear()
    assert status(runs.run("running again", {"patience": 1})) != "verified"
    assert runs.did == ["run", "traced run", "replay"]


def test_a_traced_run_that_does_not_end_is_followed_by_one_that_is_not_traced() -> None:
    runs = staged([KNOWN, BROKEN], [KNOWN, BROKEN])
    runs.tracing = True
    ran = runs.run("running again", {"patience": 1})
    assert runs.did == ["traced run", "run"]
    assert status(ran) == "observed"


def test_where_nothing_is_verified_nothing_is_traced() -> None:
    runs = staged([UNKNOWN, WHOLE])
    runs.verify = False
    assert runs.run("running").verification is None
    assert runs.did == ["run"]
