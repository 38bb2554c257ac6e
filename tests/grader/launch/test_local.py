"""The local launcher: processes as endpoints, and nothing of them is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from grader.errors import SandboxBroken
from grader.launch import local
from grader.launch.base import Limits
from grader.launch.local import LocalEndpoint, LocalLauncher

LIMITS = Limits(deadline=5, memory=1 << 30)


@contextmanager
def running(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> Iterator[LocalEndpoint]:
    """A role whose program is `code`."""
    program = folder / "role.py"
    program.write_text(code)
    real = subprocess.Popen

    def started(command: list[str], **options: Any) -> object:
        return real([command[0], str(program)], **options)

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", started)
        endpoint = LocalLauncher().start("sandbox", LIMITS)
    try:
        yield endpoint
    finally:
        endpoint.close()


def everything(endpoint: LocalEndpoint) -> bytes:
    """All it says until its stream ends."""
    said = b""
    while data := endpoint.receive(20):
        said += data
    assert data == b""
    return said


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_bytes_go_in_and_come_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = "import sys; data = sys.stdin.buffer.read(1 << 20); sys.stdout.buffer.write(data[::-1])"
    data = os.urandom(1 << 20)
    with running(monkeypatch, tmp_path, code) as endpoint:
        endpoint.send(data)
        assert everything(endpoint) == data[::-1]


def test_silence_is_none_and_the_end_is_no_bytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with running(monkeypatch, tmp_path, "import sys; sys.stdin.read(1)") as endpoint:
        assert endpoint.receive(0.0) is None
        endpoint.send(b"x")
        assert endpoint.receive(20) == b""
        assert endpoint.receive(0.0) == b""


def test_the_end_of_stderr_explains(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = "import sys; print('a' * 20_000, file=sys.stderr); sys.exit('the reason')"
    with running(monkeypatch, tmp_path, code) as endpoint:
        everything(endpoint)
        assert endpoint.explain().splitlines()[-1] == "the reason"
        assert len(endpoint.explain()) <= local.EXPLAINED
    assert endpoint.explain() == ""


def test_sending_to_a_process_that_is_gone_is_a_broken_sandbox(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with running(monkeypatch, tmp_path, "import sys; sys.exit('no torch here')") as endpoint:
        everything(endpoint)
        endpoint._process.wait()
        with pytest.raises(SandboxBroken, match=r"ended unexpectedly\. no torch here"):
            endpoint.send(bytes(1 << 20))


def test_a_python_that_cannot_be_started_is_a_broken_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    before = descriptors()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(SandboxBroken, match="could not be started: No such file"):
        LocalLauncher().start("sandbox", LIMITS)
    assert descriptors() == before


def test_the_environment_holds_no_more_than_it_must(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADE_SECRET", "not for the sandbox")
    monkeypatch.setenv("PYTHONSTARTUP", "x")
    code = "import json, os; print(json.dumps([dict(os.environ), os.getcwd(), os.getsid(0) == os.getpid()]))"
    with running(monkeypatch, tmp_path, code) as endpoint:
        environment, folder, leads = json.loads(everything(endpoint))
    assert "GRADE_SECRET" not in environment
    assert "PYTHONSTARTUP" not in environment
    assert environment["OMP_NUM_THREADS"] == "1"
    assert folder == environment["HOME"] == environment["METRONOME_SCRATCH"]
    assert leads


@pytest.mark.parametrize(
    "escape", ["", "os.setsid()", "[signal.signal(s, signal.SIG_IGN) for s in (1, 2, 15)]"]
)
def test_closing_ends_all_that_descends_from_it_and_removes_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, escape: str
) -> None:
    code = f"""
import os, signal, time
open('left.txt', 'w').write('x')
if os.fork() == 0:
    {escape or "pass"}
    print(os.getpid(), os.getcwd(), flush=True)
time.sleep(60)
"""
    before = descriptors()
    with running(monkeypatch, tmp_path, code) as endpoint:
        said = b""
        while b"\n" not in said:
            said += endpoint.receive(20) or b""
        child, folder = said.decode().split()
        assert alive(int(child))
        assert Path(folder).exists()
    until = time.monotonic() + 10
    while alive(int(child)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not alive(int(child))
    assert not alive(endpoint._process.pid)
    assert not Path(folder).exists()
    assert descriptors() == before


def test_killing_and_closing_twice_is_safe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with running(monkeypatch, tmp_path, "import time; time.sleep(60)") as endpoint:
        endpoint.kill()
        endpoint.kill()
        assert everything(endpoint) == b""
        endpoint.close()
        endpoint.close()


def test_the_launcher_claims_no_isolation() -> None:
    launcher = LocalLauncher()
    assert (launcher.name, launcher.isolated) == ("local", False)
    launcher.close()
