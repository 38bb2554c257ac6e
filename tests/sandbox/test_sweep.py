"""Sweeping: whatever a uid leaves, wherever everybody may write, is found, told and removed, and nothing else."""

from __future__ import annotations

import ctypes
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import sweep as sweeping
from sandbox.sweep import Left, remove_laid, remove_tree, sweep

LAID = ["loop.py", "exercise/model.py", "exercise/data/x.npy"]
IPC_CREAT = 0o1000
ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or not sys.platform.startswith("linux"), reason="only root can act as another user"
)


def lay_out(folder: Path) -> None:
    """What the child lays into its private folder."""
    for name in LAID:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder that everybody may write, as the zygote's scratch is."""
    with tempfile.TemporaryDirectory(prefix="metronome-") as name:
        Path(name).chmod(0o1777)
        yield Path(name)


@pytest.fixture
def uid() -> int:
    """A uid that nobody has."""
    return random.SystemRandom().randrange(70_000, 1 << 20)


def as_job(uid: int, folder: Path, work: Callable[[], object] = lambda: None) -> None:
    """What a job does: lay out its folder and work, as its uid, in a process of its own."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            folder.mkdir(mode=0o700)
            lay_out(folder)
            os.chdir(folder)
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


@ROOT
def test_a_job_that_leaves_nothing_is_clean_and_nothing_in_its_folder_is_listed(
    scratch: Path, uid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = scratch / "run-1"
    as_job(uid, folder)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("nothing was left, so nobody had to look"))
    assert sweep(folder, uid, LAID, 0, ended=True) == Left()
    assert list(scratch.iterdir()) == []
    assert (os.geteuid(), os.getegid()) == (0, 0)


@ROOT
@pytest.mark.parametrize(
    "work",
    [
        lambda: Path("checkpoint.pt").write_bytes(b"x"),
        lambda: os.remove("loop.py"),
        lambda: os.chmod(".", 0),
        lambda: os.symlink("/etc", "exercise/data/link"),
        lambda: (os.mkdir("shut"), open("shut/in", "w").close(), os.chmod("shut", 0)),
    ],
)
def test_what_it_left_in_its_own_folder_goes_and_is_no_anomaly(
    scratch: Path, uid: int, work: Callable[[], object]
) -> None:
    folder = scratch / "run-1"
    as_job(uid, folder, work)
    assert sweep(folder, uid, LAID, 0, ended=True) == Left()
    assert list(scratch.iterdir()) == []


def deep(levels: int) -> None:
    for _ in range(levels):
        os.mkdir("deeper")
        os.chdir("deeper")
        open("file", "w").close()
    os.chmod(".", 0)


@ROOT
def test_a_folder_deeper_than_any_path_goes(scratch: Path, uid: int) -> None:
    folder = scratch / "run-1"
    as_job(uid, folder, lambda: deep(2000))
    assert sweep(folder, uid, LAID, 0, ended=True) == Left()
    assert list(scratch.iterdir()) == []


def elsewhere(scratch: Path) -> None:
    """Files beside the private folder and in shared memory; a folder moved away; a false private folder."""
    (scratch / "left").mkdir(mode=0)
    Path("/dev/shm/left-" + scratch.name).write_bytes(b"x")
    os.symlink("/etc/passwd", scratch / "link")
    os.mkfifo(scratch / "pipe")
    os.rename(os.getcwd(), scratch / "moved")


@ROOT
def test_what_it_left_elsewhere_goes_and_is_told(scratch: Path, uid: int) -> None:
    folder = scratch / "run-1"
    (scratch / "ours").write_text("kept")
    as_job(uid, folder, lambda: elsewhere(scratch))
    assert sweep(folder, uid, LAID, 0, ended=True) == Left(files=5)
    assert [path.name for path in scratch.iterdir()] == ["ours"]
    assert not os.path.lexists("/dev/shm/left-" + scratch.name)
    assert Path("/etc/passwd").exists()


def system_v() -> None:
    libc = ctypes.CDLL(None)
    libc.shmget(0, 4096, IPC_CREAT | 0o600)
    libc.semget(0, 2, IPC_CREAT | 0o600)
    libc.msgget(0, IPC_CREAT | 0o600)


@ROOT
def test_system_v_objects_go_and_are_told(scratch: Path, uid: int) -> None:
    folder = scratch / "run-1"
    as_job(uid, folder, system_v)
    assert len(list(sweeping.ipc_of(uid))) == 3
    assert sweep(folder, uid, LAID, 0, ended=True) == Left(ipc=3)
    assert list(sweeping.ipc_of(uid)) == []


@ROOT
def test_what_cannot_be_removed_is_not_called_clean(
    scratch: Path, uid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = scratch / "run-1"
    as_job(uid, folder, lambda: (scratch / "left").mkdir())
    monkeypatch.setattr(sweeping, "_remove_everything", lambda folder, uid: None)
    assert sweep(folder, uid, LAID, 2, ended=True) == Left(processes=2, files=1, clean=False)
    monkeypatch.undo()
    assert sweep(folder, uid, LAID, 2, ended=False) == Left(processes=2, files=1, clean=False)
    assert list(scratch.iterdir()) == []


def test_without_a_uid_of_its_own_the_folder_goes(tmp_path: Path) -> None:
    folder = tmp_path / "run-1"
    folder.mkdir()
    lay_out(folder)
    (folder / "more").write_text("x")
    assert sweep(folder, None, LAID, 1, ended=True) == Left(processes=1)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_nothing_else_in_it_is_removed_and_any_other_is_left(tmp_path: Path) -> None:
    lay_out(tmp_path / "plain")
    assert remove_laid(tmp_path / "plain", LAID)
    lay_out(tmp_path / "more")
    (tmp_path / "more" / "exercise" / "own.txt").write_text("x")
    assert not remove_laid(tmp_path / "more", LAID)
    assert (tmp_path / "more" / "exercise" / "own.txt").exists()
    assert remove_laid(tmp_path / "never", LAID)


def test_a_tree_is_removed_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    (tmp_path / "tree" / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "tree" / "inner" / "link").symlink_to(tmp_path / "kept")
    remove_tree(str(tmp_path / "tree"))
    assert not (tmp_path / "tree").exists()
    assert (tmp_path / "kept" / "file").exists()


def test_connections_are_counted_where_the_network_is_ours_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "tcp"
    listed.write_text("heading\none\ntwo\n")
    monkeypatch.setattr(sweeping, "CONNECTIONS", (str(listed), str(tmp_path / "nowhere")))
    assert sweeping.connections() == 0
    monkeypatch.setenv("METRONOME_NETWORK", "own")
    assert sweeping.connections() == 2
    listed.write_text("heading\n")
    assert sweeping.connections() == 0
