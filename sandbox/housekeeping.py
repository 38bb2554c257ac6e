"""What is cleared away: after a job what was left running and lying about, at the end a role's own folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

ROUNDS = 200


@contextlib.contextmanager
def leaving_nothing() -> Iterator[None]:
    """At the end remove the scratch folder that we were given: who started us may be dead and cannot."""
    try:
        yield
    finally:
        if folder := os.environ.get("METRONOME_SCRATCH"):
            shutil.rmtree(folder, ignore_errors=True)


def strike(child: int) -> None:
    """Kill a child and, in a container, all processes but us in one stroke: none hears of another's end first."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1 if os.getpid() == 1 else child, signal.SIGKILL)


def end_all(uid: int | None) -> tuple[int, bool]:
    """Kill and reap every process below us (orphans come to us: we are a subreaper), and all of `uid`.

    How many were still running, and whether none is left.
    """
    killed: set[int] = set()
    for _ in range(ROUNDS):
        others = running(os.getpid(), uid)
        killed |= {pid for pid, alive in others.items() if alive}
        for pid in others:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not others:
            return len(killed), True
        time.sleep(0.005)
    return len(killed), False


def running(root: int, uid: int | None) -> dict[int, bool]:
    """The processes below `root` and those of a uid, by /proc; false for those that have ended already.

    A non-dumpable process's /proc entry is root's, so its status is read.
    """
    parents: dict[int, int] = {}
    alive: dict[int, bool] = {}
    found: set[int] = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, KeyError):
                fields = dict(
                    line.split(":\t", 1)
                    for line in Path(f"/proc/{entry}/status").read_text(errors="replace").splitlines()[:12]
                    if ":\t" in line
                )
                pid = int(entry)
                parents[pid], alive[pid] = int(fields["PPid"]), fields["State"][0] not in "ZX"
                if uid is not None and int(fields["Uid"].split()[0]) == uid:
                    found.add(pid)
    return {pid: alive[pid] for pid in found | _below(root, parents)}


def _below(root: int, parents: dict[int, int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    stack = list(children.get(root, []))
    while stack:
        pid = stack.pop()
        if pid not in found:
            found.add(pid)
            stack.extend(children.get(pid, []))
    return found


def descendants(root: int) -> set[int]:
    """All processes below `root`."""
    return set(running(root, None))


def oom_kills() -> int:
    """How many processes the kernel has killed in our control group for want of memory."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        with contextlib.suppress(OSError, ValueError):
            for line in Path(path).read_text().splitlines():
                name, _, value = line.partition(" ")
                if name == "oom_kill":
                    return int(value)
    return 0
