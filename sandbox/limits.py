"""What a child gives up and takes on before it runs a student's code: uid, rights, network, limits."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 1, 4, 38, 36
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
OPEN_FILES = 256
SIGKILL = 9


def prctl(option: int, value: int) -> bool:
    """Call prctl(2); whether it succeeded (false too where there is no prctl)."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) == 0)


def reachable(path: str) -> bool:
    """Whether any user may reach a path: every folder above it lets others pass."""
    place = Path(path).resolve()
    try:
        return all(folder.stat().st_mode & 0o001 for folder in place.parents) and bool(
            place.stat().st_mode & 0o004
        )
    except OSError:
        return False


def can_change_uid() -> bool:
    """Whether a child may get a uid of its own: we are root, and it could still import what it needs."""
    import numpy
    import torch

    needed = (os.__file__, str(torch.__file__), str(numpy.__file__), __file__)
    return os.geteuid() == 0 and all(reachable(path) for path in needed)


def data_bytes() -> int:
    """Private writable memory this process has mapped, in bytes (what RLIMIT_DATA counts)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 1 << 30


def apply(*, uid: int | None, memory: int, processes: int, file_bytes: int, cpu_seconds: int) -> None:
    """Bind the calling process for good.  `uid` None keeps the uid (local mode without root).

    memory: bytes it may allocate beyond what it has now; file_bytes: longest file it may write;
    cpu_seconds: of processor time, a backstop behind the deadline the host keeps.
    """
    os.setsid()
    prctl(PR_SET_PDEATHSIG, SIGKILL)
    with contextlib.suppress(OSError):  # if memory runs out, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000")
    _isolate_network(keep_user=uid is not None)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_DATA, data_bytes() + memory)
    if uid is not None:
        _limit(resource.RLIMIT_NPROC, processes)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    prctl(PR_SET_PDEATHSIG, SIGKILL)  # changing the uid clears it
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_DUMPABLE, 0)


def cut_files(size: int) -> None:
    """From now on no file grows beyond so many bytes: whoever writes on is ended there, in the midst of it."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    _limit(resource.RLIMIT_FSIZE, size)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


def _isolate_network(*, keep_user: bool) -> None:
    """Leave the network where the kernel lets us: by a network namespace, inside a user namespace if need be."""
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) == 0 or keep_user:
        return
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0:
        with contextlib.suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
            Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
