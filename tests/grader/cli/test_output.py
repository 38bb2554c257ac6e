"""Reports go to the screen, or whole into a file."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from grader.cli.output import Target, screen
from grader.errors import MetronomeError, UsageError


def test_a_file_appears_whole_with_the_permissions_new_files_get(tmp_path):
    old = os.umask(0o027)
    try:
        Target(tmp_path / "r.json").write("größer\n")
    finally:
        os.umask(old)
    assert (tmp_path / "r.json").read_bytes() == "größer\n".encode()
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "r.json").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["r.json"]


def test_checking_a_target_leaves_no_trace(tmp_path):
    Target(tmp_path / "r.json")
    assert os.listdir(tmp_path) == []


def test_an_old_file_keeps_its_permissions_and_its_link(tmp_path):
    real = tmp_path / "real.json"
    real.write_text("old")
    real.chmod(0o604)
    (tmp_path / "link.json").symlink_to(real)
    Target(tmp_path / "link.json").write("new")
    assert real.read_text() == "new"
    assert (tmp_path / "link.json").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o604


@pytest.mark.parametrize("name", ["", "none/r.json", "file/r.json", "x" * 300, "a\0b"])
def test_what_cannot_be_written_is_usage_before_anything_runs(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        Target(tmp_path / name)


def test_a_failed_write_keeps_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "r.json"
    path.write_text("old")
    target = Target(path)

    def full(source, goal):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(MetronomeError, match="No space left"):
        target.write("new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["r.json"]


@pytest.mark.skipif(os.name != "posix", reason="/dev/null")
def test_a_device_is_written_to_and_not_replaced():
    Target(Path("/dev/null")).write("gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_the_screen_is_plain_where_it_is_no_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert screen().color is False
    assert screen().width == 100


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX")
def test_a_reader_that_goes_away_is_no_error():
    code = (
        "from grader.cli.output import show\nimport sys\n"
        "sys.stdin.readline()\nshow('x' * 1000000)\nprint('y')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    _, errors = process.communicate(b"go\n", timeout=30)
    assert (process.returncode, errors) == (0, b"")
