"""Whose a container is: labels that name the process which started it, and removing what dead ones left.

A process is told from a later one with the same number by when it began, and from those of other machines and
containers by the boot and the namespace its number counts in.  A container whose owner died ends by itself, since its
stdin closes; one that never ran, or does not end, is removed when the next launcher starts.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from grader.launch import engine

if TYPE_CHECKING:
    from docker import APIClient

ROLE, OWNER, BORN, PLACE = "metronome.role", "metronome.owner", "metronome.born", "metronome.place"


def labels(role: str) -> dict[str, str]:
    """The labels of a container that this process starts."""
    return {ROLE: role, OWNER: str(os.getpid()), BORN: born(os.getpid()), PLACE: place()}


def born(pid: int) -> str:
    """When a process began, in clock ticks since the boot; "" where it has ended or the system does not say."""
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    return ""


def place() -> str:
    """The boot and the namespace in which this process has its number; "" where the system does not say."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.stat('/proc/self/ns/pid').st_ino}"
    return ""


def reap(client: APIClient) -> list[str]:
    """Remove the containers whose owner has died; their names.  Raises LaunchError."""
    from docker.errors import APIError

    with engine.sentences("look for containers that were left behind"):
        found = client.containers(all=True, filters={"label": ROLE})
        orphans = [item["Id"] for item in found if orphaned(item["Labels"])]
        for name in orphans:
            with contextlib.suppress(APIError):  # the engine, or another of us, removes it at this moment
                client.remove_container(name, force=True, v=True)
    return orphans


def orphaned(told: dict[str, str]) -> bool:
    """Whether labels name a process that is surely dead: of an earlier boot, or of this place and no longer there."""
    where, here = told.get(PLACE, ""), place()
    if where != here:
        return bool(where and here) and where.split()[0] != here.split()[0]
    pid = told.get(OWNER, "")
    return pid.isdigit() and not _lives(int(pid), told.get(BORN, ""))


def _lives(pid: int, begun: str) -> bool:
    if begun:
        return born(pid) == begun
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
