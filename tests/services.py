"""Runs a command with the services that tests need: installs, starts and stops what is missing.

    python -m tests.services run -- pytest …

Used by `make test` when METRONOME_SERVICES=install (CI).  An engine that answers already is used as it
is; otherwise Debian's packages are installed (as root) and a private `dockerd` runs while the command
does, with its own socket, data and pid file in a temporary folder, and nothing of /etc.
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
from types import FrameType

PACKAGES = {"dockerd": "docker.io", "debootstrap": "debootstrap", "iptables": "iptables"}
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")
START, STOP = 60.0, 30.0
"""Seconds that a private engine has to answer, and to end."""


def say(line: str) -> None:
    """Progress, on stderr."""
    print(f"services: {line}", file=sys.stderr, flush=True)


def install() -> None:
    """Install the packages whose programs are missing.  Raises SystemExit when that cannot be done here."""
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"services: {', '.join(missing)} missing, and only root on Debian can install them here")
    say(f"installing {', '.join(missing)}")
    # RUNLEVEL=1 keeps the package from starting an engine of its own.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"]
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        done = subprocess.run(
            [*apt, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"services: apt-get {command[0]} failed\n{done.stdout[-2000:]}")


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
    from grader.errors import EngineUnavailable
    from grader.launch import engine

    os.environ["DOCKER_HOST"] = address
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(EngineUnavailable), engine.connected(engine.QUICK):
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
    from grader.errors import LaunchError
    from grader.launch import debian, docker, image

    if not docker.ready():
        return
    try:
        image.build("cpu", None, say)
    except LaunchError as error:
        if "grade sandbox base" not in str(error):
            raise
        debian.base(say)
        image.build("cpu", None, say)


@contextlib.contextmanager
def services() -> Iterator[None]:
    """All that the tests need, while the block runs."""
    from grader.errors import EngineUnavailable
    from grader.launch import engine

    with contextlib.ExitStack() as stack:
        try:
            with engine.connected(engine.QUICK):
                say(f"using the Docker engine at {engine.address()}")
        except EngineUnavailable:
            install()
            stack.enter_context(private_engine())
        build_image()
        yield


def main(arguments: list[str]) -> int:
    """Run the command after `run --` and return its exit code."""
    if arguments[:2] != ["run", "--"] or not arguments[2:]:
        sys.exit("usage: python -m tests.services run -- COMMAND …")
    signal.signal(signal.SIGTERM, _leave)
    from grader.errors import MetronomeError

    try:
        with services():
            return subprocess.run(arguments[2:], check=False).returncode
    except MetronomeError as error:
        sys.exit(f"services: {error}")


def _leave(number: int, frame: FrameType | None) -> None:
    """A polite end passes through the `finally` blocks."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
