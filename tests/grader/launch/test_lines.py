"""Lines: one sandbox a submission, or one for many where that is allowed; nothing open at the end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest

from grader.errors import SandboxBroken
from grader.exercise import Exercise, load_exercise
from grader.launch.base import Limits, Outcome, Role
from grader.launch.lines import Lines, limits_of
from grader.launch.pool import EXAMINER_LIMITS, kind_of
from sandbox import wire


@dataclass
class Silent:
    """An endpoint that counts what happens to it."""

    role: Role
    limits: Limits
    sent: bytearray = field(default_factory=bytearray)
    closed: int = 0
    fails: bool = False

    def send(self, data: bytes) -> None:
        self.sent += data

    def receive(self, timeout: float) -> bytes | None:
        return None

    def kill(self) -> None:
        pass

    def close(self) -> None:
        self.closed += 1
        if self.fails:
            raise OSError("stuck")

    def explain(self) -> str:
        return ""


@dataclass
class Counting:
    """A launcher of silent endpoints."""

    name: Literal["docker", "local"] = "local"
    isolated: bool = False
    started: list[Silent] = field(default_factory=list)
    closed: int = 0

    def start(self, role: Role, limits: Limits) -> Silent:
        self.started.append(Silent(role, limits))
        return self.started[-1]

    def close(self) -> None:
        self.closed += 1


WELL = Outcome(exit_code=0)
"""A job that ended as it should."""


@pytest.fixture
def launcher() -> Counting:
    return Counting()


@pytest.fixture(scope="module")
def exercise() -> Exercise:
    return load_exercise("linreg-torch")


@pytest.fixture(scope="module")
def limits(exercise: Exercise) -> Limits:
    return limits_of(exercise)


def test_limits_are_the_exercises_and_a_deadline_only_shortens(exercise: Exercise) -> None:
    usual = limits_of(exercise)
    assert usual.deadline == exercise.limits.deadline
    assert usual.memory == exercise.limits.memory_mb << 20
    assert usual.output == exercise.limits.output_mb << 20
    assert limits_of(exercise, 1.5).deadline == 1.5
    assert limits_of(exercise, 1e6) == usual


def test_starting_again_while_it_starts_is_free(
    launcher: Counting, exercise: Exercise, limits: Limits
) -> None:
    with Lines(launcher) as lines:
        assert lines.sandbox(exercise, limits) is lines.sandbox(exercise, limits)
        assert lines.examiner() is lines.examiner()
    assert [(item.role, item.limits) for item in launcher.started] == [
        ("sandbox", kind_of("sandbox", limits).limits),
        ("examiner", kind_of("examiner", EXAMINER_LIMITS).limits),
    ]


def test_an_untrusted_submission_gets_a_sandbox_of_its_own(
    launcher: Counting, exercise: Exercise, limits: Limits
) -> None:
    with Lines(launcher) as lines:
        first = lines.sandbox(exercise, limits)
        lines.job_done(WELL)
        assert launcher.started[0].closed == 1
        assert lines.sandbox(exercise, limits) is not first


def test_with_reuse_a_sandbox_serves_until_we_fail(
    launcher: Counting, exercise: Exercise, limits: Limits
) -> None:
    with Lines(launcher, reuse=True) as lines:
        first = lines.sandbox(exercise, limits)
        lines.job_done(WELL)
        assert lines.sandbox(exercise, limits) is first
        lines.job_done(None)
        assert lines.sandbox(exercise, limits) is not first
        assert [item.closed for item in launcher.started] == [1, 0]


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(),
        Outcome(exit_code=3),
        Outcome(signal=9),
        Outcome(exit_code=0, timed_out=True),
        Outcome(exit_code=0, out_of_memory=True),
        Outcome(exit_code=0, output_exceeded=True),
        Outcome(exit_code=0, broken="unexpected channel"),
    ],
)
def test_with_reuse_an_anomaly_ends_a_sandbox(
    launcher: Counting, exercise: Exercise, limits: Limits, outcome: Outcome
) -> None:
    with Lines(launcher, reuse=True) as lines:
        first = lines.sandbox(exercise, limits)
        lines.job_done(outcome)
        assert launcher.started[0].closed == 1
        assert lines.sandbox(exercise, limits) is not first


def test_the_examiner_stays_when_a_submission_is_graded(launcher: Counting) -> None:
    with Lines(launcher) as lines:
        first = lines.examiner()
        lines.rest()
        assert lines.examiner() is first
        lines.end_examiner()
        assert lines.examiner() is not first
    assert [item.closed for item in launcher.started] == [1, 1]


def test_other_limits_or_packages_need_another_sandbox(
    launcher: Counting, exercise: Exercise, limits: Limits
) -> None:
    wanting: Any = exercise.model_copy(update={"preload": ["torchvision"]})
    with Lines(launcher, reuse=True) as lines:
        plain = lines.sandbox(exercise, limits)
        assert lines.sandbox(exercise, limits_of(exercise, 1.0)) is plain  # the host keeps the deadline
        small = replace(limits, memory=limits.memory // 2)
        assert lines.sandbox(exercise, small) is not plain
        loaded = lines.sandbox(wanting, small)
        assert lines.sandbox(exercise, small) is loaded  # more than it needs is fine
    ((channel, payload),) = wire.FrameReader().feed(bytes(launcher.started[-1].sent))
    assert (channel, payload) == (wire.JOB, b'{"op": "preload", "packages": ["torchvision"]}')


def test_leaving_closes_everything_once_even_when_closing_fails(
    launcher: Counting, exercise: Exercise, limits: Limits
) -> None:
    lines = Lines(launcher)
    lines.sandbox(exercise, limits)
    lines.examiner()
    launcher.started[0].fails = True
    with pytest.raises(OSError, match="stuck"):
        lines.close()
    assert [item.closed for item in launcher.started] == [1, 1]
    assert launcher.closed == 1
    lines.close()
    assert [item.closed for item in launcher.started] == [1, 1]


def test_what_is_started_while_the_lines_are_closed_is_ended_too() -> None:
    launcher = Counting()
    lines = Lines(launcher)
    start = launcher.start

    def closed_meanwhile(role: Role, limits: Limits) -> Silent:
        lines.close()
        return start(role, limits)

    launcher.start = closed_meanwhile  # type: ignore[method-assign]
    exercise = load_exercise("linreg-torch")
    for begin in (lambda: lines.sandbox(exercise, limits_of(exercise)), lines.examiner):
        with pytest.raises(SandboxBroken, match="closed"):
            begin()
    assert [endpoint.closed for endpoint in launcher.started] == [1, 1]
