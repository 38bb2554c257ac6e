"""A pool that is tended in the background, for sessions side by side in one process.

Its threads start a container in the place of each one that was taken, end those that have served, and now and then
ask those that wait whether they are still there.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable

from grader.errors import MetronomeError
from grader.launch.base import Launcher
from grader.launch.pool import JOBS, ROOM, Isolation, Kind, Pool, Warm

HEARTBEAT = 15.0
"""Seconds between looks at the roles that wait."""
THREADS = 2


class TendedPool(Pool):
    """A pool that threads share: `users` of them, and in container isolation as many containers wait for a job."""

    def __init__(
        self, launcher: Launcher, isolation: Isolation, jobs: int = JOBS, heartbeat: float = HEARTBEAT
    ) -> None:
        super().__init__(launcher, isolation, jobs)
        self.users = 1
        self._heartbeat = heartbeat
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._tenders = [
            threading.Thread(target=self._tend, name=f"pool {number}", daemon=True)
            for number in range(THREADS)
        ]
        for thread in self._tenders:
            thread.start()

    def take(self, kind: Kind) -> Warm:
        """A role of that kind, for the caller alone; in its place another is made ready."""
        warm = super().take(kind)
        if self._isolation == "container" and kind.role == "sandbox":
            self._tasks.put(lambda: self._refill(kind))
        return warm

    def close(self) -> None:
        """End every role that waits or has served, the threads, and the launcher."""
        with self._lock:
            self.closed = True
            idle, self._idle = self._idle, []
        for warm in idle:
            self._end(warm)
        for _ in self._tenders:
            self._tasks.put(None)
        for thread in self._tenders:
            thread.join()
        self.launcher.close()

    def _end(self, warm: Warm) -> None:
        if self.closed:
            self._do(lambda: super(TendedPool, self)._end(warm))
        else:
            self._tasks.put(lambda: super(TendedPool, self)._end(warm))

    def _room(self) -> int:
        return ROOM + 2 * self.users

    def _tend(self) -> None:
        while True:
            try:
                task = self._tasks.get(timeout=self._heartbeat)
            except queue.Empty:
                task = self._look
            if task is None:
                return
            self._do(task)

    def _do(self, task: Callable[[], None]) -> None:
        """Do it.  An engine that fails here fails the next one who takes a role, too, and is reported there."""
        with contextlib.suppress(MetronomeError, OSError):
            task()

    def _refill(self, kind: Kind) -> None:
        """Have one more of that kind wait, in the place of the one that has waited longest where there are enough."""
        if self.closed:
            return
        warm = self._start(kind)
        with self._lock:
            waiting = [item for item in self._idle if item.kind.role == "sandbox"]
            surplus = waiting[: max(0, len(waiting) + 1 - self.users)]
            self._idle = [item for item in self._idle if item not in surplus]
        self._keep(warm)
        for item in surplus:
            self._end(item)

    def _look(self) -> None:
        """Ask each role that waits whether it is still there, one after another."""
        with self._lock:
            waiting = list(self._idle)
        for warm in waiting:
            with self._lock:
                if warm not in self._idle:
                    continue
                self._idle.remove(warm)
            if warm.line.fit():
                self._keep(warm)
            else:
                self._end(warm)
