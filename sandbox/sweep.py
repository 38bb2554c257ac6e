"""Sweeping after a job: its private folder, and whatever its uid left where everybody may write.

Root without DAC_OVERRIDE may not remove another user's files, so they are removed as that user, once nothing
of that uid runs any more.  Usually there is nothing but what we laid out; only where there is more does a process
of its own look at it, so that the zygote, which later jobs are forks of, never holds a name that a job chose.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue")  # noqa: S108 - where everybody may write
IPC = {"shm": "shmid", "sem": "semid", "msg": "msqid"}
IPC_RMID = 0
CONNECTIONS = ("/proc/net/tcp", "/proc/net/tcp6")
"""Lists of the kernel's.  Who made a connection may be gone while what was sent on it still waits there."""


@dataclass(frozen=True)
class Left:
    """What a job left behind, and whether all of it is gone (`clean`)."""

    processes: int = 0
    files: int = 0
    ipc: int = 0
    connections: int = 0
    clean: bool = True

    def as_json(self) -> dict[str, int | bool]:
        """For the frame that says the zygote is ready again."""
        return asdict(self)


def sweep(folder: Path, uid: int | None, laid: Sequence[str], processes: int, ended: bool) -> Left:
    """Remove a private folder, in which the files `laid` were put, and all else that `uid` left.

    `processes` were still running after the job; `ended` says whether all of them could be killed.
    """
    if uid is None:
        shutil.rmtree(folder, ignore_errors=True)
        return Left(processes, clean=ended and not folder.exists())
    with as_user(uid):
        emptied = remove_laid(folder, laid)
    files, ipc, connected = len(list(files_of(uid, folder))), len(list(ipc_of(uid))), connections()
    if emptied and not files and not ipc:
        return Left(processes, connections=connected, clean=ended and not connected)
    cleaner = os.fork()
    if cleaner == 0:
        with contextlib.suppress(Exception):
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            _remove_everything(folder, uid)
        os._exit(0)
    os.waitpid(cleaner, 0)
    gone = not os.path.lexists(folder) and not any(files_of(uid, folder)) and not any(ipc_of(uid))
    return Left(processes, files, ipc, connected, clean=ended and gone and not connected)


@contextlib.contextmanager
def as_user(uid: int) -> Iterator[None]:
    """Touch files as that user.  Real and saved uid stay ours, so that user may not signal or trace us."""
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def remove_laid(folder: Path, laid: Sequence[str]) -> bool:
    """Remove a folder that holds nothing but these files; whether that was so.  Nothing in it is listed."""
    paths = [folder / name for name in laid]
    inner = {parent for path in paths for parent in path.parents if folder in parent.parents}
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
    try:
        for parent in sorted(inner, key=lambda place: -len(place.parts)):
            parent.rmdir()
        folder.rmdir()
    except FileNotFoundError:
        return not os.path.lexists(folder)
    except OSError:
        return False
    return True


def files_of(uid: int, folder: Path) -> Iterator[str]:
    """Paths of what a uid owns in the places where everybody may write, and beside its private folder."""
    for place in {*PLACES, str(folder.parent)}:
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.path != str(folder) and entry.stat(follow_symlinks=False).st_uid == uid:
                        yield entry.path


def ipc_of(uid: int) -> Iterator[tuple[str, int]]:
    """System V shared memory, semaphores and queues that a uid made or owns, as (kind, id)."""
    for kind, key in IPC.items():
        with contextlib.suppress(OSError, ValueError):
            names, *rows = (line.split() for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines())
            for row in rows:
                fields = dict(zip(names, row, strict=False))
                if str(uid) in (fields["uid"], fields["cuid"]):
                    yield kind, int(fields[key])


def connections() -> int:
    """How many there are, where the network is a container's own."""
    if os.environ.get("METRONOME_NETWORK") != "own":
        return 0
    found = 0
    for path in CONNECTIONS:
        with contextlib.suppress(OSError):
            found += len(Path(path).read_text().splitlines()) - 1  # the first line is a heading
    return found


def _remove_everything(folder: Path, uid: int) -> None:
    """In a process of that uid: remove all of it."""
    for path in (str(folder), *files_of(uid, folder)):
        with contextlib.suppress(OSError):
            remove_tree(path)
    libc = ctypes.CDLL(None)
    for kind, number in list(ipc_of(uid)):
        if kind == "sem":
            libc.semctl(number, 0, IPC_RMID, 0)
        else:
            getattr(libc, f"{kind}ctl")(number, IPC_RMID, None)


def remove_tree(path: str) -> None:
    """Remove a file, or a folder however deep and whatever its modes: what is in it is moved up, not descended to.

    Raises OSError.
    """
    if not _is_folder(path):
        os.unlink(path)
        return
    os.chmod(path, 0o700)
    while names := os.listdir(path):
        for name in names:
            entry = f"{path}/{name}"
            if not _is_folder(entry):
                os.unlink(entry)
                continue
            os.chmod(entry, 0o700)
            for inner in os.listdir(entry):
                if _is_folder(f"{entry}/{inner}"):
                    os.chmod(f"{entry}/{inner}", 0o700)  # a folder that is not writable cannot be moved
                os.rename(f"{entry}/{inner}", f"{path}/{os.urandom(12).hex()}")
            os.rmdir(entry)
    os.rmdir(path)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)
