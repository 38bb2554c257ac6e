"""A pool of warm roles of one launcher: sandboxes and examiners, handed out and taken back.

How often a sandbox serves is the pool's *isolation*:

    container   one job, then it is thrown away
    fork        one job after another, each in a fork under a uid of its own, until the first anomaly (see
                `Lines.job_done`), a sweep that found something left, an answer that does not come, or JOBS jobs

An examiner runs no student's code and serves many either way.  A pool belongs to one thread, or is a
`tending.TendedPool`, which many share.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from grader.errors import SandboxBroken
from grader.launch.base import Launcher, Limits, Role
from grader.launch.drive import Line

Isolation = Literal["container", "fork"]

EXAMINER_LIMITS = Limits(deadline=120.0, memory=2 << 30)
JOBS = 500
"""Jobs after which a role that serves many is replaced all the same."""
ROOM = 4
"""Roles that wait in a pool of one thread; of more, those that have waited longest are ended."""


@dataclass(frozen=True)
class Kind:
    """What a role was started for.  What the host alone keeps (deadline, output) makes no difference."""

    role: Role
    limits: Limits
    packages: frozenset[str] = frozenset()

    def serves(self, wanted: Kind) -> bool:
        """Whether a role of this kind will do: as wanted, or with more packages."""
        return replace(self, packages=wanted.packages) == wanted and wanted.packages <= self.packages


@dataclass(eq=False)
class Warm:
    """A role that was started, and how often it has served."""

    kind: Kind
    line: Line
    jobs: int = 0


def kind_of(role: Role, limits: Limits, packages: Sequence[str] = ()) -> Kind:
    """The kind that a job needs."""
    ground = replace(limits, deadline=0.0, output=0, output_kept=0)
    return Kind(role, ground, frozenset(packages))


class Pool:
    """Roles of one launcher, started when they are wanted."""

    def __init__(self, launcher: Launcher, isolation: Isolation, jobs: int = JOBS) -> None:
        self.launcher = launcher
        self._isolation = isolation
        self._jobs = jobs
        self._idle: list[Warm] = []
        self._lock = threading.Lock()
        self.closed = False

    def take(self, kind: Kind) -> Warm:
        """A role of that kind, for the caller alone; it may still be starting.  Raises LaunchError."""
        while (warm := self._waiting(kind)) is not None:
            if warm.line.fit():
                return warm
            self._end(warm)
        return self._start(kind)

    def give(self, warm: Warm, *, fit: bool) -> None:
        """Take a role back that has served; without `fit` it is thrown away."""
        warm.jobs += 1
        single = self._isolation == "container" and warm.kind.role == "sandbox"
        if single or not fit or warm.jobs >= self._jobs:
            self._end(warm)
        else:
            self._keep(warm)

    def drop(self, warm: Warm) -> None:
        """End a role at once, also while another thread waits for its answer."""
        warm.line.endpoint.close()

    def close(self) -> None:
        """End every role that waits, and the launcher; those that are out are ended when they are given back."""
        with self._lock:
            self.closed = True
            idle, self._idle = self._idle, []
        try:
            for warm in idle:
                self._end(warm)
        finally:
            self.launcher.close()

    def _start(self, kind: Kind) -> Warm:
        warm = Warm(kind, Line(self.launcher.start(kind.role, kind.limits)))
        if self.closed:
            warm.line.endpoint.close()
            raise SandboxBroken("The pool was closed while a role was being started.")
        if kind.packages:
            warm.line.send({}, {"op": "preload", "packages": sorted(kind.packages)})
        return warm

    def _waiting(self, kind: Kind) -> Warm | None:
        """The role of that kind that served last, no longer in the pool."""
        with self._lock:
            found = next((warm for warm in reversed(self._idle) if warm.kind.serves(kind)), None)
            if found is not None:
                self._idle.remove(found)
            return found

    def _keep(self, warm: Warm) -> None:
        """Have a role wait for its next job; who has waited longest goes when there is no room."""
        with self._lock:
            self._idle.append(warm)
            room = 0 if self.closed else self._room()
            surplus = self._idle[: max(0, len(self._idle) - room)]
            self._idle = self._idle[len(surplus) :]
        for item in surplus:
            self._end(item)

    def _room(self) -> int:
        return ROOM

    def _end(self, warm: Warm) -> None:
        """End a role.  Outside a container what it left is swept first, since nothing else would."""
        try:
            if warm.jobs and warm.kind.role == "sandbox" and not self.launcher.isolated:
                warm.line.fit()
        finally:
            warm.line.endpoint.close()
