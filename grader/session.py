"""A session: open lines to sandbox and examiner, over which one submission after another is graded.

One thread at a time; sessions side by side share pools of warm roles.  What fails on our side ends the roles that
took part in it, so that the next submission begins afresh.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from grader.challenge import course_secret
from grader.errors import MetronomeError
from grader.exercise import load_exercise, use_folder
from grader.launch.digest import grading_digest
from grader.launch.lines import Lines
from grader.launch.pools import Pools
from grader.models import Report, Submission
from grader.pipeline import Early, grade_submission, unheard, unreadable
from grader.report import failed_report
from grader.settings import Settings

Notice = Callable[[str], None]


class Session:
    """Grades submissions over warm roles: a context manager.

    Where things run is decided once, when the first session is made, and never changes after.  Other people's
    files need isolation: without it, and without `trusted`, making a session raises UntrustedSubmissions.
    `pools` are another session's, which `beside` hands on.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        trusted: bool = False,
        notice: Notice | None = None,
        pools: Pools | None = None,
    ) -> None:
        use_folder(settings.exercises)
        self._secret = course_secret(settings)
        self._pools = pools or Pools(settings, trusted=trusted, notice=notice or (lambda text: None))
        self._pools.enter()
        self.settings = self._pools.settings
        self._lines: dict[bool, Lines] = {}
        self._lock = threading.Lock()
        self._closed = False

    def beside(self) -> Session:
        """Another session, for another thread, over the same pools.  Raises MetronomeError when they are closed."""
        return Session(self.settings, pools=self._pools)

    def grade(self, submission: Submission, problem: str = "", *, early: Early = unheard) -> Report:
        """Grade one submission; `problem` says why it cannot be run, "" when it can.

        `early` is as in `grade_submission`.  Raises MetronomeError when we fail; never for what the student did.
        """
        exercise = load_exercise(submission.exercise)
        if problem:
            return unreadable(submission, exercise, problem)
        lines = self._open(exercise.gpu)
        try:
            report = grade_submission(submission, exercise, lines, self._secret, early=early)
        except BaseException:
            self._drop()
            raise
        lines.rest()
        return report

    def digest(self, slug: str) -> str:
        """What results for that exercise rest on besides file and student; see `grading_digest`."""
        exercise = load_exercise(slug)
        return grading_digest(exercise, self._pools.of(exercise.gpu).launcher.ground)

    def close(self) -> None:
        """End every process that it holds; from another thread, it makes a grading under way fail."""
        with self._lock:
            closed, self._closed = self._closed, True
        try:
            self._drop()
        finally:
            if not closed:
                self._pools.leave()

    def _open(self, wants_gpu: bool) -> Lines:
        """The lines for exercises that want a GPU, or for those that do not."""
        pool = self._pools.of(wants_gpu)
        with self._lock:
            if self._closed:
                raise MetronomeError("The session is closed.")
            if wants_gpu not in self._lines:
                self._lines[wants_gpu] = Lines(pool.launcher, pool=pool)
            return self._lines[wants_gpu]

    def _drop(self) -> None:
        with self._lock:
            lines, self._lines = list(self._lines.values()), {}
        for item in lines:
            item.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def side_by_side(first: Session) -> Callable[[], Session]:
    """Makes sessions for an engine's workers: the first one is there already, the others share its pools."""
    ready = [first]
    return lambda: ready.pop() if ready else first.beside()


def grade_or_fail(session: Session, submission: Submission, problem: str = "") -> Report:
    """Like `Session.grade`, but a failure of ours becomes a report with the outcome `grader_error`."""
    try:
        return session.grade(submission, problem)
    except MetronomeError as error:
        return failed_report(submission, load_exercise(submission.exercise), str(error))
