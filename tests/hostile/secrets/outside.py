"""The search from outside: as root of the machine, through /proc of every process of a container."""

from __future__ import annotations

import json
import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from docker import APIClient

from tests.conftest import PROMISED
from tests.hostile.secrets.search import Search, files_below

UNREADABLE = {"[vvar]", "[vvar_vclock]", "[vsyscall]"}
"""Mappings that are the kernel's own and cannot be read by way of /proc."""
OWN_FOLDERS = ("proc", "sys")
"""What the kernel shows as files, of which nothing is kept."""
STARTING = 20.0
"""Seconds that a container may need to begin on a busy machine."""


@dataclass
class Seen:
    """What a search found, as (needle, place), and how much it went through."""

    found: set[tuple[str, str]] = field(default_factory=set)
    processes: list[str] = field(default_factory=list)
    memory: int = 0
    files: int = 0
    pipes: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)

    def places(self, needle: str) -> set[str]:
        """Where a needle was found, in one of its forms if only the beginning of its name is given."""
        return {place for name, place in self.found if name.startswith(needle)}


def running(client: APIClient, role: str) -> list[str]:
    """The ids of the containers that this process runs as `role`."""
    labels = [f"metronome.owner={os.getpid()}", f"metronome.role={role}"]
    return [container["Id"] for container in client.containers(filters={"label": labels})]


def processes(client: APIClient, container: str) -> list[int]:
    """The machine's numbers of a container's processes, the first one first.

    Skips the test where they are not to be read from here: without root, or on another machine.
    """
    first = int(client.inspect_container(container)["State"]["Pid"])
    until = time.monotonic() + STARTING
    while not (ours := _is_ours(first)) and time.monotonic() < until:
        time.sleep(0.05)  # the runtime's own process stands there until it becomes the container's
    if not ours:
        reason = "docker: a container's processes are read by root of the engine's machine only"
        if PROMISED:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    space = os.readlink(f"/proc/{first}/ns/pid")
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/ns/pid") == space:
                found.append(int(entry))
        except OSError:
            continue
    return sorted(found, key=lambda pid: (pid != first, pid))


def _is_ours(pid: int) -> bool:
    """Whether a process of this machine is one that the grader started, as far as its environment can be read."""
    try:
        return b"METRONOME_SCRATCH=" in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def look(client: APIClient, container: str, search: Search) -> Seen:
    """Search a container: its processes, its files, and what the engine was told of it."""
    seen = Seen()
    told = json.dumps(client.inspect_container(container)).encode()
    seen.found |= {(needle, "engine") for needle in search.in_bytes(told)}
    pids = processes(client, container)
    for pid in pids:
        _process(pid, search, seen)
    _files(f"/proc/{pids[0]}/root", search, seen)
    return seen


def pipes(client: APIClient, container: str) -> set[str]:
    """The pipes that a container's processes have open."""
    found = set()
    for pid in processes(client, container):
        targets = (os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir())
        found |= {target for target in targets if target.startswith("pipe:")}
    return found


@dataclass(frozen=True)
class Mount:
    """What a process sees mounted somewhere, on which device, and whether anything can be written there."""

    point: str
    device: str
    writable: bool


def mounts(pid: int) -> list[Mount]:
    """The mounts of a process."""
    found = []
    for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
        _, _, device, _, point, options, *_ = line.split()
        found.append(Mount(point, device, "rw" in options.split(",")))
    return found


def _process(pid: int, search: Search, seen: Seen) -> None:
    """Memory, environment, arguments and descriptors of one process."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    seen.processes.append(command.replace(b"\0", b" ").decode(errors="replace"))
    seen.found |= {(needle, "arguments") for needle in search.in_bytes(command)}
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    seen.found |= {(needle, "environment") for needle in search.in_bytes(environment)}
    found, size, refused = search.in_memory(pid)
    seen.found |= {(needle, f"memory of {pid}, {mapping}") for needle, mapping in found}
    seen.memory += size
    assert refused <= UNREADABLE, refused
    for entry in os.listdir(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{entry}"
        target = os.readlink(path)
        if target.startswith("pipe:"):
            seen.pipes.add(target)
        elif not stat.S_ISREG(os.stat(path).st_mode):
            seen.others.add(target)
        else:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                names = search.in_stream(descriptor, 0, 1 << 40)
            finally:
                os.close(descriptor)
            seen.found |= {(needle, f"descriptor {target}") for needle in names}


def _files(root: str, search: Search, seen: Seen) -> None:
    """Every file of a container, on each of its file systems."""
    leave = tuple(f"{root}/{name}" for name in OWN_FOLDERS)
    for path in files_below(f"{root}/", leave):
        seen.files += 1
        seen.found |= {(needle, f"file {path.removeprefix(root)}") for needle in search.in_file(path)}
