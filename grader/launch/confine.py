"""What a container of ours may do: every limit of a role, as settings for the engine.

The sandbox's zygote is container root with three capabilities: SETUID and SETGID give each child an
uid of its own, KILL ends it.  The examiner runs no student code and has neither.  Root without
DAC_OVERRIDE reads only what everybody may read, which is why `mounts` wants world-readable folders.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.launch.base import Limits, Role

HOME = "/opt/metronome"
SCRATCH = "/scratch"
NOBODY = "65534:65534"
CAPABILITIES: dict[Role, list[str]] = {"sandbox": ["SETUID", "SETGID", "KILL"], "examiner": []}
USERS: dict[Role, str] = {"sandbox": "0:0", "examiner": NOBODY}

HEADROOM = 512 << 20
"""Bytes of memory beside a job's own: the zygote with torch and the page cache of its libraries.

A child is held to `Limits.memory` by its own rlimit, so that running out ends the child with a finding;
the container's limit stands behind it, for many processes together and for what they write to tmpfs.
"""
SPARE_PROCESSES = 8
SHARED_MEMORY = 128 << 20
TEMPORARY = 16 << 20
INODES = 65_536
OPEN_FILES = 1024


def host_config(role: Role, limits: Limits, mounts: dict[str, Path], gpu: str, cpus: int) -> dict[str, Any]:
    """Keyword arguments of docker's `create_host_config`.

    `mounts` maps paths in the container to folders here, mounted read-only; `gpu` is "none", "auto"
    (any one) or an id; `cpus` is how many the engine has, which it does not let a container exceed.
    """
    from docker.types import DeviceRequest, LogConfig, Mount, Ulimit

    memory = limits.memory + HEADROOM
    requests = []
    if gpu != "none":
        choice: dict[str, Any] = {"count": 1} if gpu == "auto" else {"device_ids": [gpu]}
        requests = [DeviceRequest(capabilities=[["gpu"]], **choice)]
    return {
        "network_mode": "none",
        "ipc_mode": "private",
        "privileged": False,
        "cap_drop": ["ALL"],
        "cap_add": CAPABILITIES[role],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "init": False,
        "auto_remove": True,
        "mounts": [
            Mount(target, str(source), type="bind", read_only=True) for target, source in mounts.items()
        ],
        "tmpfs": {SCRATCH: _tmpfs(limits.scratch), "/tmp": _tmpfs(TEMPORARY)},  # noqa: S108 - the container's own
        "shm_size": SHARED_MEMORY,
        "pids_limit": limits.processes + SPARE_PROCESSES,
        "mem_limit": memory,
        "memswap_limit": memory,
        "nano_cpus": int(min(limits.cpus, cpus) * 1e9),
        "ulimits": [
            Ulimit(name="nofile", soft=OPEN_FILES, hard=OPEN_FILES),
            Ulimit(name="core", soft=0, hard=0),
            Ulimit(name="fsize", soft=limits.scratch, hard=limits.scratch),
        ],
        "log_config": LogConfig(
            type="local", config={"max-size": "1m", "max-file": "1", "compress": "false"}
        ),
        "device_requests": requests,
    }


def _tmpfs(size: int) -> str:
    """Mount options of a folder in memory that everybody may write and nothing may be run from."""
    return f"rw,nosuid,nodev,noexec,mode=1777,size={size},nr_inodes={INODES}"


def environment(limits: Limits, extra: dict[str, str]) -> dict[str, str]:
    """The variables a role starts with: where things are, and one thread count for every library.

    (Torch counts the machine's processors, not the container's share of them.)
    """
    threads = str(limits.threads)
    return {
        "HOME": "/tmp",  # noqa: S108 - the container's own
        "METRONOME_SCRATCH": SCRATCH,
        "METRONOME_NETWORK": "own",
        "PYTHONPATH": HOME,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        **extra,
    }
