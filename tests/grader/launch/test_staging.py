"""Folders handed to containers are readable there."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.launch.staging import Staging, world_readable


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A folder as a checkout under umask 077 leaves it."""
    folder = tmp_path / "code"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "a.py").write_text("x = 1\n")
    for path in (folder, folder / "inner"):
        path.chmod(0o700)
    (folder / "inner" / "a.py").chmod(0o600)
    return folder


def open_up(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_readable_folder_is_used_as_it_is(private: Path) -> None:
    open_up(private)
    staging = Staging()
    assert staging.readable(private) == private
    staging.close()


def test_an_unreadable_folder_is_copied_once_and_the_copy_goes(private: Path) -> None:
    staging = Staging()
    copy = staging.readable(private)
    assert copy != private
    assert copy == staging.readable(private)
    assert (copy / "inner" / "a.py").read_text() == "x = 1\n"
    assert world_readable(copy)
    staging.close()
    assert not copy.parent.parent.exists()


def test_one_unreadable_file_is_enough_for_a_copy(private: Path) -> None:
    open_up(private)
    (private / "inner" / "a.py").chmod(0o640)
    assert not world_readable(private)


def test_byte_code_caches_do_not_count(private: Path) -> None:
    open_up(private)
    (private / "__pycache__").mkdir(mode=0o700)
    assert world_readable(private)
