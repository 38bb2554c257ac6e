"""A base image made from Debian packages, for machines that reach no image registry.

`debootstrap` lays a minimal Debian with Python into a folder, and the engine imports that folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.errors import LaunchError
from grader.launch import engine
from grader.launch.image import LOCAL_BASE, Progress

SUITE = "bookworm"
PACKAGES = "python3,python3-venv"
# What is left out of the image: other machines' mounts, package caches, and what only people read.
_LEFT_OUT = (
    "./proc/*",
    "./sys/*",
    "./dev/*",
    "./var/cache/apt/*",
    "./var/lib/apt/lists/*",
    "./usr/share/doc/*",
    "./usr/share/man/*",
    "./usr/share/locale/*",
)


def base(progress: Progress, mirror: str | None = None) -> str:
    """Make the local base image and return its name; `mirror` is a Debian archive's URL.

    Needs root, `debootstrap` and `tar`.  Raises LaunchError, EngineUnavailable.
    """
    if os.geteuid() != 0:
        raise LaunchError("Making a base image unpacks a Debian system, which only root can do; use sudo.")
    if shutil.which("debootstrap") is None:
        raise LaunchError("`debootstrap` is not installed; on Debian or Ubuntu: apt-get install debootstrap.")
    repository, tag = LOCAL_BASE.split(":")
    with engine.connected(timeout=1800) as client:
        root = Path(tempfile.mkdtemp(prefix="metronome-base-"))
        try:
            progress(f"unpacking Debian {SUITE} with Python (about a minute)")
            _debootstrap(root, mirror)
            progress(f"importing it as {LOCAL_BASE}")
            engine.import_tar(client, _tar(root), repository, tag)
        finally:
            _discard(root)
    return LOCAL_BASE


def _debootstrap(root: Path, mirror: str | None) -> None:
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root)]
    if mirror:
        command.append(mirror)
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        last = " | ".join(done.stdout.strip().splitlines()[-3:])
        raise LaunchError(f"debootstrap failed: {last}.")


def _tar(root: Path) -> Iterator[bytes]:
    """The folder as a tar stream, owners by number.  Raises LaunchError when `tar` fails."""
    command = ["tar", "-C", str(root), "--numeric-owner", *(f"--exclude={path}" for path in _LEFT_OUT)]
    with subprocess.Popen([*command, "-c", "."], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while piece := process.stdout.read(1 << 20):
            yield piece
    if process.returncode:
        raise LaunchError(f"tar ended with code {process.returncode} while packing the base image.")


def _discard(root: Path) -> None:
    """Remove the folder; a debootstrap that was interrupted may have left /proc mounted in it."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for point in sorted((point for point in mounts if point.startswith(f"{root}/")), reverse=True):
        if subprocess.run(["umount", point], check=False).returncode:
            raise LaunchError(f"{point} is still mounted: unmount it, then remove {root} by hand.")
    shutil.rmtree(root)
