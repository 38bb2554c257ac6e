"""The Docker engine: one that answers is used as it is, otherwise a private `dockerd` runs while it is needed.

The private one has its own socket, data and pid file in a temporary folder, and nothing of /etc.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from grader.errors import EngineUnavailable, LaunchError
from grader.launch import debian, docker, image
from grader.launch.engine import QUICK, connected
from tests.services import say

PROGRAMS = {"dockerd": "docker.io", "debootstrap": "debootstrap", "iptables": "iptables"}
START, STOP = 60.0, 30.0
"""Seconds that a private engine has to answer, and to end."""


def answers() -> bool:
    """Whether there is an engine already."""
    with contextlib.suppress(EngineUnavailable), connected(QUICK):
        return True
    return False


@contextlib.contextmanager
def private_engine() -> Iterator[str]:
    """A `dockerd` of our own; yields its address.  Containers get no network, so it needs no bridge."""
    # A short path: the engine puts unix sockets into it, whose names hold 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="mtr-", dir="/tmp"))
    address = f"unix://{folder}/docker.sock"
    places = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"]
    network = ["--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"]
    say("starting a private Docker engine")
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            ["dockerd", "--host", address, *places, *network],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await(process, address, folder / "log")
        yield address
    finally:
        _stop(process)
        _discard(folder)


def _await(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Wait until the engine answers.  Raises SystemExit with the end of its log."""
    os.environ["DOCKER_HOST"] = address
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        if answers():
            return
        time.sleep(0.2)
    sys.exit(f"services: the private engine does not answer\n{log.read_text(errors='replace')[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the engine and what it started: its session is its own."""
    process.terminate()
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _discard(folder: Path) -> None:
    """Unmount what the engine may have left mounted, then remove its folder."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for point in sorted((point for point in mounts if point.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", point], check=False)
    shutil.rmtree(folder)


def build_image() -> None:
    """Build the sandbox image where it is missing, on a base of our own where none can be pulled."""
    if not docker.ready():
        return
    try:
        image.build("cpu", None, say)
    except LaunchError as error:
        if "grade sandbox base" not in str(error):
            raise
        debian.base(say)
        image.build("cpu", None, say)
