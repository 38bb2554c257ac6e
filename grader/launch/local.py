"""The local launcher: roles as plain processes of this machine, for a student's own file on their own machine.

Each runs in a session of its own; closing it kills the whole session and everything below it.  The
zygote gives its child rlimits, no network where the kernel allows it, and a uid of its own when it can.
That is a fence, not a wall: nothing found this way is called `verified`.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from grader import exercise
from grader.errors import SandboxBroken
from grader.launch.base import Limits, Role
from grader.launch.digest import local_ground

MODULES: dict[Role, str] = {"sandbox": "sandbox.zygote", "examiner": "grader.examiner"}
KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV")
EXPLAINED = 8192


class LocalEndpoint:
    """A child process, its stdin and stdout as streams, its stderr in an unnamed file."""

    def __init__(self, role: Role, limits: Limits, data: Path | None = None) -> None:
        self._data = data if role == "examiner" else None
        self._folder = Path(tempfile.mkdtemp(prefix="metronome-"))
        self._folder.chmod(0o1777)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULES[role]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=self._environment(limits),
                cwd=self._folder,
                start_new_session=True,
            )
        except OSError as error:
            self._errors.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise SandboxBroken(f"The {role} process could not be started: {error.strerror}.") from error

    def _environment(self, limits: Limits) -> dict[str, str]:
        package_root = str(Path(__file__).resolve().parents[2])
        kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        threads = str(limits.threads)
        return kept | {
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "PYTHONPATH": package_root,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "METRONOME_SCRATCH": str(self._folder),
            "HOME": str(self._folder),
            **({exercise.VARIABLE: str(outside)} if (outside := exercise.outside_folder()) else {}),
            **({"GRADE_DATA": str(self._data)} if self._data is not None else {}),
        }

    def send(self, data: bytes) -> None:
        """Write all of `data`.  Raises SandboxBroken when the process is gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise SandboxBroken(
                f"The sandbox process ended unexpectedly. {self.explain()}".strip()
            ) from error

    def receive(self, timeout: float) -> bytes | None:
        """Some bytes, b"" at the end, None after `timeout` seconds of silence."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        ready, _, _ = select.select([descriptor], [], [], max(0.0, timeout))
        return os.read(descriptor, 1 << 18) if ready else None

    def kill(self) -> None:
        """SIGKILL the process, its session and all that descends from it."""
        for pid in [self._process.pid, *sorted(descendants(self._process.pid))]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill, reap, and remove the scratch folder."""
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._errors.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def explain(self) -> str:
        """The end of what the process wrote on stderr."""
        with contextlib.suppress(OSError, ValueError):
            size = self._errors.seek(0, os.SEEK_END)
            self._errors.seek(max(0, size - EXPLAINED))
            return self._errors.read().decode(errors="replace").strip()
        return ""


def descendants(root: int) -> set[int]:
    """All processes below `root`; empty where there is no /proc."""
    with contextlib.suppress(FileNotFoundError):
        from sandbox.housekeeping import descendants as below

        return below(root)
    return set()


class LocalLauncher:
    """Starts roles as processes.  `data` is the folder of real data that the examiner may use."""

    name: Literal["docker", "local"] = "local"
    isolated = False

    def __init__(self, data: Path | None = None) -> None:
        self._data = data

    @property
    def ground(self) -> str:
        """The torch that is installed."""
        return local_ground()

    def start(self, role: Role, limits: Limits) -> LocalEndpoint:
        """Start a role and return at once."""
        return LocalEndpoint(role, limits, self._data)

    def close(self) -> None:
        """Nothing to release."""
