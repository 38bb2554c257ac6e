"""Pools: who is handed out again, who is replaced, and what is tended in the background."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from grader.errors import LaunchError, SandboxBroken
from grader.launch import engine
from grader.launch.base import Limits, Role
from grader.launch.drive import Line
from grader.launch.pool import ROOM, Isolation, Kind, Pool, Warm, kind_of
from grader.launch.tending import TendedPool
from sandbox import wire
from tests.conftest import CountedLauncher

LIMITS = Limits(deadline=5.0, memory=1 << 20)
SANDBOX = kind_of("sandbox", LIMITS)
EXAMINER = kind_of("examiner", LIMITS)


@dataclass(eq=False)
class Answering:
    """An endpoint that is ready and answers pings until it `dies`, or falls `silent`."""

    role: Role
    waiting: deque[bytes] = field(default_factory=lambda: deque([wire.frame(wire.READY, b'{"torch": "2"}')]))
    left: bytes = b"{}"
    pings: int = 0
    closed: int = 0
    silent: bool = False
    dead: bool = False

    def send(self, data: bytes) -> None:
        if self.dead:
            raise SandboxBroken("It has ended.")
        for channel, payload in wire.FrameReader().feed(data):
            if (channel, payload) == (wire.JOB, b'{"op": "ping"}'):
                self.pings += 1
                self.waiting.append(wire.frame(wire.READY, self.left))

    def receive(self, timeout: float) -> bytes | None:
        if self.dead:
            return b""
        return self.waiting.popleft() if self.waiting and not self.silent else None

    def kill(self) -> None:
        pass

    def close(self) -> None:
        self.closed += 1

    def explain(self) -> str:
        return ""


@dataclass
class Starting:
    """A launcher that keeps what it started."""

    isolated: bool = True
    name: Literal["docker", "local"] = "docker"
    ground: str = "here"
    started: list[Answering] = field(default_factory=list)
    closed: int = 0
    fails: bool = False
    lock: Any = field(default_factory=threading.Lock)

    def start(self, role: Role, limits: Limits) -> Answering:
        if self.fails:
            raise LaunchError("No engine.")
        with self.lock:
            self.started.append(Answering(role))
            return self.started[-1]

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def launcher() -> Starting:
    return Starting()


def served(pool: Pool, kind: Kind = SANDBOX, *, fit: bool = True) -> Warm:
    """One role, taken and given back."""
    warm = pool.take(kind)
    pool.give(warm, fit=fit)
    return warm


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for what happens in another thread."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


# ── one thread ───────────────────────────────────────────────────────────────────────────────────


def test_a_container_serves_once(launcher: Starting) -> None:
    pool = Pool(launcher, "container")
    first = served(pool)
    assert launcher.started[0].closed == 1
    assert served(pool) is not first


@pytest.mark.parametrize(
    ("isolation", "kind"), [("fork", SANDBOX), ("container", EXAMINER), ("fork", EXAMINER)]
)
def test_what_is_reused_serves_again_and_is_asked_before(
    launcher: Starting, isolation: Isolation, kind: Kind
) -> None:
    pool = Pool(launcher, isolation)
    first = served(pool, kind)
    assert [served(pool, kind) for _ in range(3)] == [first] * 3
    assert (launcher.started[0].pings, launcher.started[0].closed) == (3, 0)


def test_a_sandbox_is_replaced_at_an_anomaly_and_after_its_jobs(launcher: Starting) -> None:
    pool = Pool(launcher, "fork", jobs=3)
    served(pool, fit=False)
    assert [item.closed for item in launcher.started] == [1]
    for _ in range(4):
        served(pool)
    assert [item.closed for item in launcher.started] == [1, 1, 0]


@pytest.mark.parametrize(
    "change",
    [{"dead": True}, {"left": b'{"files": 1, "clean": true}'}, {"left": b'{"files": 0, "clean": false}'}],
)
def test_one_that_has_died_or_left_something_is_not_handed_out(
    launcher: Starting, change: dict[str, Any]
) -> None:
    pool = Pool(launcher, "fork")
    first = served(pool)
    for name, value in change.items():
        setattr(launcher.started[0], name, value)
    assert served(pool) is not first
    assert launcher.started[0].closed == 1


def test_one_that_does_not_answer_is_not_handed_out(
    launcher: Starting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Line.fit, "__defaults__", (0.05,))
    pool = Pool(launcher, "fork")
    first = served(pool)
    served(pool)
    launcher.started[0].silent = True
    assert served(pool) is not first


def test_kinds_are_told_apart_but_for_what_the_host_keeps_and_more_packages(launcher: Starting) -> None:
    pool = Pool(launcher, "fork")
    plain = served(pool)
    assert served(pool, kind_of("sandbox", Limits(deadline=99.0, memory=1 << 20, output=5))) is plain
    assert served(pool, kind_of("sandbox", Limits(deadline=5.0, memory=2 << 20))) is not plain
    more = served(pool, kind_of("sandbox", LIMITS, ["torchvision"]))
    assert more is not plain
    assert served(pool) is more


def test_who_has_waited_longest_goes_when_there_is_no_room(launcher: Starting) -> None:
    pool = Pool(launcher, "fork")
    for warm in [pool.take(SANDBOX) for _ in range(ROOM + 2)]:
        pool.give(warm, fit=True)
    assert [item.closed for item in launcher.started] == [1, 1] + [0] * ROOM
    pool.close()
    assert [item.closed for item in launcher.started] == [1] * (ROOM + 2)
    assert launcher.closed == 1


def test_outside_a_container_a_sandbox_sweeps_before_it_is_ended(launcher: Starting) -> None:
    for isolated, pings in ((True, 0), (False, 1)):
        own = Starting(isolated=isolated)
        served(Pool(own, "container"))
        assert (own.started[0].pings, own.started[0].closed) == (pings, 1)


# ── many threads ─────────────────────────────────────────────────────────────────────────────────


def test_in_the_place_of_a_container_that_was_taken_another_is_made_ready(launcher: Starting) -> None:
    pool = TendedPool(launcher, "container")
    first = pool.take(SANDBOX)
    until(lambda: len(launcher.started) == 2)
    pool.give(first, fit=True)
    until(lambda: launcher.started[0].closed == 1)
    second = pool.take(SANDBOX)
    assert second.line.endpoint is launcher.started[1]
    until(lambda: len(launcher.started) == 3)
    pool.give(second, fit=True)
    pool.close()
    assert [item.closed for item in launcher.started] == [1, 1, 1]
    assert launcher.closed == 1


def test_as_many_containers_wait_as_there_are_users(launcher: Starting) -> None:
    pool = TendedPool(launcher, "container")
    pool.users = 2
    taken = [pool.take(SANDBOX) for _ in range(5)]
    until(lambda: len(launcher.started) >= 5 and sum(not item.closed for item in launcher.started) == 7)
    for warm in taken:
        pool.give(warm, fit=True)
    pool.close()
    assert {item.closed for item in launcher.started} == {1}


def test_a_container_that_died_while_it_waited_is_not_handed_out(launcher: Starting) -> None:
    pool = TendedPool(launcher, "container")
    pool.take(SANDBOX)
    until(lambda: len(launcher.started) == 2 and len(pool._idle) == 1)
    launcher.started[1].dead = True
    assert pool.take(SANDBOX).line.endpoint is not launcher.started[1]
    until(lambda: launcher.started[1].closed == 1)
    pool.close()


def test_a_heartbeat_finds_the_dead_and_leaves_the_living(launcher: Starting) -> None:
    pool = TendedPool(launcher, "fork", heartbeat=0.02)
    for warm in [pool.take(SANDBOX), pool.take(EXAMINER)]:
        pool.give(warm, fit=True)
    until(lambda: launcher.started[1].pings > 2)
    launcher.started[0].dead = True
    until(lambda: launcher.started[0].closed == 1)
    assert launcher.started[1].closed == 0
    pool.close()
    assert [item.closed for item in launcher.started] == [1, 1]


def test_what_comes_back_to_a_closed_pool_is_ended(launcher: Starting) -> None:
    pool = TendedPool(launcher, "fork")
    warm = pool.take(SANDBOX)
    pool.close()
    pool.give(warm, fit=True)
    assert launcher.started[0].closed == 1
    with pytest.raises(SandboxBroken, match="closed"):
        pool.take(SANDBOX)
    assert launcher.started[1].closed == 1


def test_an_engine_that_fails_in_the_background_is_told_to_the_next_who_asks(launcher: Starting) -> None:
    pool = TendedPool(launcher, "container")
    pool.take(SANDBOX)
    until(lambda: len(pool._idle) == 1)
    launcher.fails = True
    pool.take(SANDBOX)
    with pytest.raises(LaunchError, match="No engine"):
        pool.take(SANDBOX)
    launcher.fails = False
    pool.take(SANDBOX)
    pool.close()


@pytest.mark.docker
def test_a_container_that_is_killed_while_it_waits_is_replaced(docker_launcher: CountedLauncher) -> None:
    kind = kind_of("sandbox", Limits(deadline=20, memory=256 << 20, processes=16, scratch=32 << 20))
    pool = Pool(docker_launcher, "fork")
    first = pool.take(kind)
    first.line.wait_ready()
    pool.give(first, fit=True)
    assert pool.take(kind) is first
    pool.give(first, fit=True)
    with engine.connected() as client:
        (name,) = docker_launcher.left()
        client.kill(name.lstrip("/"))
    second = pool.take(kind)
    assert second is not first
    second.line.wait_ready()
    pool.drop(second)
    assert docker_launcher.left() == []
