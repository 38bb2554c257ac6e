"""The pools that sessions side by side share: for exercises that want a GPU, and for those that do not."""

from __future__ import annotations

import threading
from collections.abc import Callable

from grader.errors import MetronomeError, UntrustedSubmissions
from grader.launch.base import Launcher
from grader.launch.choose import choose_launcher
from grader.launch.tending import TendedPool
from grader.settings import Settings, override


class Pools:
    """Opened when they are first wanted, closed when the last session has left.

    Where things run is decided once, with the first pool, and never changes after.  Other people's files need
    isolation: without it, and without `trusted`, making this raises UntrustedSubmissions.
    """

    def __init__(self, settings: Settings, *, trusted: bool, notice: Callable[[str], None]) -> None:
        self.settings = settings
        self._trusted = trusted
        self._notice = notice
        self._lock = threading.Lock()
        self._users = 0
        self._closed = False
        self._pools: dict[bool, TendedPool] = {}
        self.settings = override(settings, sandbox=self.of(wants_gpu=False).launcher.name)

    def of(self, wants_gpu: bool) -> TendedPool:
        """The pool for exercises that want a GPU, or for the others.  Raises LaunchError."""
        with self._lock:
            self._check_open()
            if wants_gpu not in self._pools:
                launcher = choose_launcher(self.settings, wants_gpu, self._notice)
                self._vouched(launcher)
                isolation = self.settings.isolation if launcher.isolated else "fork"
                self._pools[wants_gpu] = TendedPool(launcher, isolation)
                self._pools[wants_gpu].users = max(1, self._users)
            return self._pools[wants_gpu]

    def enter(self) -> None:
        """One more session uses them.  Raises MetronomeError when the last one has left."""
        self._count(1)

    def leave(self) -> None:
        """One session fewer; the last one closes them."""
        self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._check_open()
            self._users += change
            for pool in self._pools.values():
                pool.users = max(1, self._users)
            self._closed = not self._users
        if self._closed:
            for pool in self._pools.values():
                pool.close()

    def _check_open(self) -> None:
        if self._closed:
            raise MetronomeError("The session is closed.")

    def _vouched(self, launcher: Launcher) -> None:
        if launcher.isolated or self._trusted:
            return
        launcher.close()
        raise UntrustedSubmissions(
            "Without a container, other people's files would run as you do. Start a Docker engine and build"
            " the image (`grade sandbox build`), or say --trust-submissions if you know all of them."
        )
