"""What is cleared away: after a job what was left running and lying about, at the end a role's own folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def leaving_nothing() -> Iterator[None]:
    """At the end remove the scratch folder that we were given: who started us may be dead and cannot."""
    try:
        yield
    finally:
        if folder := os.environ.get("METRONOME_SCRATCH"):
            shutil.rmtree(folder, ignore_errors=True)


def end_all(uid: int | None) -> None:
    """Kill and reap every process below us (orphans come to us: we are a subreaper), and all of `uid`."""
    for _ in range(200):
        others = descendants(os.getpid()) | (of_uid(uid) if uid is not None else set())
        for pid in others:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not others:
            return
        time.sleep(0.005)


def descendants(root: int) -> set[int]:
    """All processes below `root`, by /proc."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                stat = Path(f"/proc/{entry}/stat").read_text()
                children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    found: set[int] = set()
    stack = list(children.get(root, []))
    while stack:
        pid = stack.pop()
        if pid not in found:
            found.add(pid)
            stack.extend(children.get(pid, []))
    return found


def of_uid(uid: int) -> set[int]:
    """All processes of a uid.  A non-dumpable process's /proc entry is root's, so its status is read."""
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                text = Path(f"/proc/{entry}/status").read_text()
                line = next(line for line in text.splitlines() if line.startswith("Uid:"))
                if int(line.split()[1]) == uid:
                    found.add(int(entry))
    return found


def sweep(folder: Path, uid: int | None) -> None:
    """Remove a private folder, as the user it belongs to: without DAC_OVERRIDE root may not."""
    if uid is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    cleaner = os.fork()
    if cleaner == 0:
        with contextlib.suppress(Exception):
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)
    os.waitpid(cleaner, 0)


def oom_kills() -> int:
    """How many processes the kernel has killed in our control group for want of memory."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        with contextlib.suppress(OSError, ValueError):
            for line in Path(path).read_text().splitlines():
                name, _, value = line.partition(" ")
                if name == "oom_kill":
                    return int(value)
    return 0
