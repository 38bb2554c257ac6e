"""Lines to a sandbox and an examiner, as one grading after another holds them; they come from a pool.

Without a pool that others share there is one of their own: an untrusted submission then gets a sandbox of its
own, thrown away afterwards, or with `reuse` (local mode, our own reference files) one zygote serves many.
"""

from __future__ import annotations

from types import TracebackType

from grader.errors import SandboxBroken
from grader.exercise import Exercise
from grader.launch.base import Launcher, Limits, Outcome
from grader.launch.drive import Line
from grader.launch.pool import EXAMINER_LIMITS, Pool, Warm, kind_of


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
    """Open lines of one launcher.  A context manager: leaving it ends every process that it holds."""

    def __init__(self, launcher: Launcher, *, reuse: bool = False, pool: Pool | None = None) -> None:
        self.launcher = launcher
        self._own = pool is None
        self._pool = pool or Pool(launcher, "fork" if reuse else "container")
        self._sandbox: Warm | None = None
        self._examiner: Warm | None = None
        self._closed = False

    def sandbox(self, exercise: Exercise, limits: Limits) -> Line:
        """A line to a zygote for one job; asking for it again before the job is free."""
        kind = kind_of("sandbox", limits, exercise.preload)
        if self._sandbox is None or not self._sandbox.kind.serves(kind):
            self.end_sandbox()
            self._sandbox = warm = self._pool.take(kind)
            self._still_open()
            return warm.line
        return self._sandbox.line

    def examiner(self) -> Line:
        """The line to the examiner."""
        if self._examiner is None:
            self._examiner = warm = self._pool.take(kind_of("examiner", EXAMINER_LIMITS))
            self._still_open()
            return warm.line
        return self._examiner.line

    def _still_open(self) -> None:
        """What was started while another thread closed the lines is ended as well.  Raises SandboxBroken."""
        if self._closed:
            self.end_sandbox()
            self.end_examiner()
            raise SandboxBroken("The lines were closed while a role was being started.")

    def job_done(self, outcome: Outcome | None) -> None:
        """A job is over: its sandbox goes back to the pool.  An anomaly (None: we failed) ends it for good.

        An anomaly is a passed deadline, memory that ran out, too much output, a broken protocol, an end by a signal,
        or an exit status that is no end of ours.
        """
        warm, self._sandbox = self._sandbox, None
        if warm is not None:
            self._pool.give(warm, fit=outcome is not None and outcome.usual)

    def rest(self) -> None:
        """A submission is graded: the examiner goes back to the pool."""
        warm, self._examiner = self._examiner, None
        if warm is not None:
            self._pool.give(warm, fit=True)

    def end_sandbox(self) -> None:
        """End the sandbox; the next job takes another."""
        warm, self._sandbox = self._sandbox, None
        if warm is not None:
            self._pool.drop(warm)

    def end_examiner(self) -> None:
        """End the examiner; the next request takes another."""
        warm, self._examiner = self._examiner, None
        if warm is not None:
            self._pool.drop(warm)

    def close(self) -> None:
        """End everything, a launcher of its own included; also while another thread starts something."""
        self._closed = True
        try:
            self.end_sandbox()
        finally:
            try:
                self.end_examiner()
            finally:
                if self._own:
                    self._pool.close()

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
