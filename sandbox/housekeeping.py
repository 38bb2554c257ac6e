"""What is cleared away: after a job what was left running and lying about, at the end a role's own folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sandbox import wire

MOST_FILES, MOST_BYTES = 1000, 32 << 20
"""Of a run whose files are kept."""

LASTING = {
    "/proc/sysvipc/shm": "shared memory",
    "/proc/sysvipc/msg": "messages",
    "/proc/sysvipc/sem": "semaphores",
    "/proc/net/tcp": "connections",
    "/proc/net/tcp6": "connections",
}
"""Lists of the kernel's, of things that outlive who made them."""


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
    """Remove a private folder."""
    _as_owner(uid, lambda _: shutil.rmtree(folder, ignore_errors=True))


def kept(folder: Path, uid: int | None, given: set[str]) -> tuple[bytes, str]:
    """Frames with the files below a private folder, oldest first, but for what was `given`; or b"" and why not.

    Nothing of them is looked at.  They are regular files, found without leaving the folder.
    """

    def send(pipe: int) -> None:
        for name, path in _files(folder, given):
            for piece in wire.file_frames(name, path.read_bytes()):
                wire.write_all(pipe, piece)

    frames, whole = _as_owner(uid, send)
    return (frames, "") if whole else (b"", "the files that it left are too many, too long, or named oddly")


def _files(folder: Path, given: set[str]) -> list[tuple[str, Path]]:
    """Names and places of the files below a folder, oldest first.  Raises ValueError where they are too much."""
    folder = folder.resolve()
    found: list[tuple[int, str, Path]] = []
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name).resolve()
            known = Path(place, name).relative_to(folder)
            if known.parts[0] in given or not path.is_relative_to(folder) or not path.is_file():
                continue
            facts = path.stat()
            size += facts.st_size
            found.append((facts.st_mtime_ns, known.as_posix(), path))
            if size > MOST_BYTES or len(found) > MOST_FILES:
                raise ValueError("too much")
    return [(known, path) for _, known, path in sorted(found)]


def clear_open(uid: int | None) -> None:
    """Remove what a uid has left in the folders that everybody may write, where METRONOME_OPEN names them."""

    def remove(_: int) -> None:
        for path in _owned(uid):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    if _open_folders():
        _as_owner(uid, remove)


def remains(uid: int | None) -> str:
    """What of a uid's doings could not be cleared away and might be found by the next, in words; "" if nothing.

    It is looked for only in a container of our own, where METRONOME_OPEN names the folders that everybody may write.
    """
    if not _open_folders():
        return ""
    if uid is not None and of_uid(uid):
        return "processes"
    if _owned(uid):
        return "files in folders that everybody may write"
    for name, what in LASTING.items():
        with contextlib.suppress(OSError):
            if len(Path(name).read_text().splitlines()) > 1:  # the first line is a heading
                return what
    return ""


def _open_folders() -> list[Path]:
    return [Path(name) for name in os.environ.get("METRONOME_OPEN", "").split(":") if name]


def _owned(uid: int | None) -> list[Path]:
    """What a uid owns in the folders that everybody may write."""
    found = []
    for folder in _open_folders():
        with contextlib.suppress(OSError):
            found += [path for path in folder.iterdir() if path.lstat().st_uid == uid]
    return found


def _as_owner(uid: int | None, work: Callable[[int], object]) -> tuple[bytes, bool]:
    """What `work` writes to its descriptor, as the user whose files they are (without DAC_OVERRIDE root may not).

    Whether it came to its end, too.
    """
    receive, send = os.pipe()
    worker = os.fork()
    if worker == 0:
        status = 1
        with contextlib.suppress(Exception):
            os.close(receive)
            if uid is not None:
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
            work(send)
            status = 0
        os._exit(status)
    os.close(send)
    with open(receive, "rb") as pipe:
        written = pipe.read()
    _, status = os.waitpid(worker, 0)
    return written, status == 0


def oom_kills() -> int:
    """How many processes the kernel has killed in our control group for want of memory."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        with contextlib.suppress(OSError, ValueError):
            for line in Path(path).read_text().splitlines():
                name, _, value = line.partition(" ")
                if name == "oom_kill":
                    return int(value)
    return 0
