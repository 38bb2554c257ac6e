"""The Launcher protocol: where processes run.  `docker` and `local` implement it, `drive` uses it.

A launcher starts a *role*: "sandbox" (the zygote, `python -m sandbox.zygote`) or "examiner"
(`python -m grader.examiner`).  Both speak the frames of `sandbox.wire` over stdin and stdout, so
all that a launcher has to give is an Endpoint: bytes in, bytes out, kill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Role = Literal["sandbox", "examiner"]


@dataclass(frozen=True)
class Limits:
    """Bounds of one process tree.  Seconds, bytes and counts; `cpus` may be a fraction."""

    deadline: float
    memory: int
    processes: int = 64
    output: int = 16 << 20
    output_kept: int = 64 << 10
    threads: int = 1
    cpus: float = 1.0
    scratch: int = 512 << 20  # bytes of tmpfs


@dataclass(frozen=True)
class Job:
    """One run of a student's file.  `files` are laid into the child's private folder.

    `fields` go into the job's JSON beside the limits; see `sandbox/child.py` for what it reads.
    """

    files: dict[str, bytes]
    fields: dict[str, object]


@dataclass(frozen=True)
class Outcome:
    """How a run ended and what it left: all of it claims, but for the last six fields.

    `exit_code` and `signal` are the child's; `broken` says in words how the sandbox itself failed.  Where the job
    keeps them, `files` are those that the run left in its folder, oldest first; `remains` says what else of it could
    not be cleared away, or why its files were not kept ("": all is well).
    """

    trace: bytes = b""
    weights: bytes = b""
    output: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    output_bytes: int = 0
    exit_code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False
    output_exceeded: bool = False
    timed_out: bool = False
    broken: str = ""
    remains: str = ""
    seconds: float = 0.0

    @property
    def usual(self) -> bool:
        """Whether it ended by itself and within all bounds, as far as the host can tell."""
        exceeded = self.timed_out or self.out_of_memory or self.output_exceeded
        return self.exit_code == 0 and not exceeded and not self.broken


class Endpoint(Protocol):
    """A running process of ours, as a pair of byte streams."""

    def send(self, data: bytes) -> None:
        """Write all of `data`.  Raises SandboxBroken when the other side is gone."""

    def receive(self, timeout: float) -> bytes | None:
        """Some bytes, b"" at the end of the stream, None when `timeout` seconds brought nothing."""

    def kill(self) -> None:
        """SIGKILL everything in it, at once; safe to call twice, safe after the end."""

    def close(self) -> None:
        """Kill, and leave nothing behind: no process, no container, no temporary file."""

    def explain(self) -> str:
        """What it wrote on stderr (its last few KiB): for our error messages, never for a grade."""


class Launcher(Protocol):
    """Somewhere to run things.  `ground` is what results rest on there: the image's id, or torch's version."""

    name: Literal["docker", "local"]
    isolated: bool

    @property
    def ground(self) -> str: ...

    def start(self, role: Role, limits: Limits) -> Endpoint:
        """Start a role and return at once; its R frame says when it is ready.  Raises LaunchError."""

    def close(self) -> None:
        """Release what the launcher itself holds."""
