"""Debian packages: those whose programs are missing are installed, nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tests.services import say

SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def widen_path() -> None:
    """Let programs for root be found, whoever runs this."""
    found = os.environ.get("PATH", os.defpath).split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join([*found, *(folder for folder in SBIN if folder not in found)])


def missing(programs: Mapping[str, str]) -> list[str]:
    """The packages, by program, whose programs are not there."""
    return [package for program, package in programs.items() if shutil.which(program) is None]


def install(packages: Sequence[str]) -> None:
    """Install these, starting nothing.  Raises SystemExit when that cannot be done here."""
    if not packages:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"services: {', '.join(packages)} missing, and only root on Debian can install them here")
    say(f"installing {', '.join(packages)}")
    # RUNLEVEL=1 keeps packages from starting services: an engine, and the cluster that postgresql makes.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"]
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
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
