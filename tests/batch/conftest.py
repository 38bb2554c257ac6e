"""The command in a process of its own, with a home and a secret of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Grade = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Variables for a command of ours: the secret is fixed, so every run meets the same data."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GRADE_", "XDG_"))}
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    own = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "GRADE_SECRET": "5e" * 32, "OMP_NUM_THREADS": "1"}
    return {**kept, **own, **more}


def command(*arguments: object) -> list[str]:
    """The command's line."""
    return [sys.executable, "-m", "grader.cli", *map(str, arguments)]


def nothing_is_left(home: Path) -> None:
    """No temporary folder and no process of ours, at the latest when what was orphaned has noticed it."""
    until = time.monotonic() + 30
    while (left := [*(home / "tmp").iterdir(), *_processes_of(home)]) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == []


def _processes_of(home: Path) -> list[bytes]:
    """Command lines of the processes that know of `home` by their environment."""
    found, name = [], str(home).encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            known = (folder / "environ").read_bytes()
            if name + b"\0" in known or name + b"/" in known:
                found.append((folder / "cmdline").read_bytes())
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for the module's commands."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def grade(home: Path) -> Grade:
    """Run the command to its end; it never shows a traceback."""

    def run(*arguments: object, timeout: float = 900, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(*arguments),
            cwd=home,
            env=environment(home, **variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run
