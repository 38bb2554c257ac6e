"""What is cleared away between two runs of one container: what a user owns where everybody may write."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import housekeeping

SOMEBODY = 54_321
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def open_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that everybody may write; what the kernel lists is empty."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o1777)
    monkeypatch.setenv("METRONOME_OPEN", f"{folder}:/nowhere/at/all")
    monkeypatch.setattr(housekeeping, "LASTING", {})
    yield folder
    shutil.rmtree(folder)


def left_by(uid: int, folder: Path) -> None:
    """A file, a link and a folder of somebody's."""
    (folder / "file").write_text("x")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "file").write_text("x")
    for path in folder.rglob("*"):
        os.lchown(path, uid, uid)


@ROOT
def test_what_somebody_left_where_everybody_may_write_is_removed(open_folder: Path) -> None:
    left_by(SOMEBODY, open_folder)
    (open_folder / "ours").write_text("x")
    assert housekeeping.remains(SOMEBODY) == "files in folders that everybody may write"
    housekeeping.clear_open(SOMEBODY)
    assert [path.name for path in open_folder.iterdir()] == ["ours"]
    assert housekeeping.remains(SOMEBODY) == ""


def test_what_the_kernel_keeps_is_told(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = open_folder / "shm"
    monkeypatch.setattr(housekeeping, "LASTING", {str(listed): "shared memory", "/nowhere": "more"})
    listed.write_text("key shmid\n")
    assert housekeeping.remains(SOMEBODY) == ""
    listed.write_text("key shmid\n1 2\n")
    assert housekeeping.remains(SOMEBODY) == "shared memory"


def test_outside_a_container_nothing_is_looked_for(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by(os.geteuid(), open_folder)
    monkeypatch.delenv("METRONOME_OPEN")
    housekeeping.clear_open(os.geteuid())
    assert housekeeping.remains(os.geteuid()) == ""
    assert (open_folder / "deep" / "er" / "file").exists()


def test_the_lists_of_the_kernel_are_those_of_this_one() -> None:
    for name in housekeeping.LASTING:
        assert not Path(name).exists() or Path(name).read_text().splitlines()


@pytest.mark.parametrize(("own", "struck"), [(1, -1), (4242, 77)])
def test_in_a_container_all_are_struck_at_once_and_elsewhere_the_child_alone(
    monkeypatch: pytest.MonkeyPatch, own: int, struck: int
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "getpid", lambda: own)
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    housekeeping.strike(77)
    assert killed == [(struck, 9)]
