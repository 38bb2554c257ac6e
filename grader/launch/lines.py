"""Lines to a sandbox and an examiner of one launcher: started early, reused where that is allowed.

An untrusted submission gets a sandbox of its own, thrown away afterwards.  With `reuse` (our own
reference files, and local mode) one zygote serves many jobs in turn, and a new one is started when a
deadline has killed it.
"""

from __future__ import annotations

from types import TracebackType

from grader.errors import SandboxBroken
from grader.exercise import Exercise
from grader.launch.base import Launcher, Limits
from grader.launch.drive import Line

EXAMINER_LIMITS = Limits(deadline=120.0, memory=2 << 30)


def limits_of(exercise: Exercise, deadline: float | None = None) -> Limits:
    """An exercise's limits in seconds and bytes; `deadline` shortens them (tests)."""
    limits = exercise.limits
    return Limits(
        deadline=min(limits.deadline, deadline or limits.deadline),
        memory=limits.memory_mb << 20,
        processes=limits.processes,
        output=limits.output_mb << 20,
        threads=limits.threads,
        cpus=float(limits.threads),
    )


class Lines:
    """Open lines of one launcher.  A context manager: leaving it ends every process."""

    def __init__(self, launcher: Launcher, *, reuse: bool = False) -> None:
        self.launcher = launcher
        self._reuse = reuse
        self._sandbox: tuple[Limits, tuple[str, ...], Line] | None = None
        self._examiner: Line | None = None
        self._closed = False

    def sandbox(self, exercise: Exercise, limits: Limits) -> Line:
        """A line to a zygote for one job; starting it again while it starts is free."""
        wanted = tuple(exercise.preload)
        if self._sandbox is not None:
            had, preloaded, line = self._sandbox
            if had == limits and set(wanted) <= set(preloaded):
                return line
            self.end_sandbox()
        line = Line(self.launcher.start("sandbox", limits))
        self._sandbox = (limits, wanted, line)
        self._still_open()
        if wanted:
            line.send({}, {"op": "preload", "packages": list(wanted)})
        return line

    def examiner(self) -> Line:
        """The line to the examiner."""
        if self._examiner is None:
            self._examiner = Line(self.launcher.start("examiner", EXAMINER_LIMITS))
            self._still_open()
        return self._examiner

    def _still_open(self) -> None:
        """What was started while another thread closed the lines is ended as well.  Raises SandboxBroken."""
        if self._closed:
            self.end_sandbox()
            self.end_examiner()
            raise SandboxBroken("The lines were closed while a role was being started.")

    def job_done(self, *, killed: bool) -> None:
        """A job is over: its sandbox goes, unless it may serve again."""
        if killed or not self._reuse:
            self.end_sandbox()

    def end_sandbox(self) -> None:
        """End the sandbox; the next job starts another."""
        open_one, self._sandbox = self._sandbox, None
        if open_one is not None:
            open_one[2].endpoint.close()

    def end_examiner(self) -> None:
        """End the examiner; the next request starts another."""
        line, self._examiner = self._examiner, None
        if line is not None:
            line.endpoint.close()

    def close(self) -> None:
        """End everything, the launcher included; also while another thread starts something."""
        self._closed = True
        try:
            self.end_sandbox()
        finally:
            try:
                self.end_examiner()
            finally:
                self.launcher.close()

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
