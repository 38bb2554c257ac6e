"""Lines: one sandbox a submission, or one for many where that is allowed; nothing open at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from grader.errors import SandboxBroken
from grader.exercise import Exercise, load_exercise
from grader.launch.base import Limits, Role
from grader.launch.lines import EXAMINER_LIMITS, Lines, limits_of
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
        ("sandbox", limits),
        ("examiner", EXAMINER_LIMITS),
    ]


def test_an_untrusted_submission_gets_a_sandbox_of_its_own(
    launcher: Counting, exercise: Exercise, limits: Limits
) -> None:
    with Lines(launcher) as lines:
        first = lines.sandbox(exercise, limits)
        lines.job_done(killed=False)
        assert launcher.started[0].closed == 1
        assert lines.sandbox(exercise, limits) is not first


def test_with_reuse_a_sandbox_serves_until_it_is_killed(
    launcher: Counting, exercise: Exercise, limits: Limits
) -> None:
    with Lines(launcher, reuse=True) as lines:
        first = lines.sandbox(exercise, limits)
        lines.job_done(killed=False)
        assert lines.sandbox(exercise, limits) is first
        lines.job_done(killed=True)
        assert lines.sandbox(exercise, limits) is not first
        assert [item.closed for item in launcher.started] == [1, 0]


def test_other_limits_or_packages_need_another_sandbox(
    launcher: Counting, exercise: Exercise, limits: Limits
) -> None:
    wanting: Any = exercise.model_copy(update={"preload": ["torchvision"]})
    with Lines(launcher, reuse=True) as lines:
        plain = lines.sandbox(exercise, limits)
        assert lines.sandbox(exercise, limits_of(exercise, 1.0)) is not plain
        loaded = lines.sandbox(wanting, limits_of(exercise, 1.0))
        assert lines.sandbox(exercise, limits_of(exercise, 1.0)) is loaded  # more than it needs is fine
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
