"""A session: open lines to sandbox and examiner, over which one submission after another is graded.

One thread at a time.  What fails on our side closes the lines, so that the next submission begins afresh.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from grader.challenge import course_secret
from grader.errors import MetronomeError, UntrustedSubmissions
from grader.exercise import load_exercise, use_folder
from grader.launch.base import Launcher
from grader.launch.choose import choose_launcher
from grader.launch.digest import grading_digest
from grader.launch.lines import Lines
from grader.models import Report, Submission
from grader.pipeline import Early, grade_submission, unheard, unreadable
from grader.report import failed_report
from grader.settings import Settings, override

Notice = Callable[[str], None]


class Session:
    """Grades submissions over lines that stay open: a context manager.

    Where things run is decided once, when the session is made, and never changes after.  Other people's
    files need isolation: without it, and without `trusted`, making a session raises UntrustedSubmissions.
    In local mode one zygote serves many submissions; a container serves one and is thrown away.
    """

    def __init__(self, settings: Settings, *, trusted: bool = False, notice: Notice | None = None) -> None:
        self.settings = settings
        self._trusted = trusted
        self._notice = notice or (lambda text: None)
        use_folder(settings.exercises)
        self._secret = course_secret(settings)
        self._lines: dict[bool, Lines] = {}
        self._lock = threading.Lock()
        self._closed = False
        chosen = self._open(wants_gpu=False).launcher.name
        self.settings = override(settings, sandbox=chosen)

    def grade(self, submission: Submission, problem: str = "", *, early: Early = unheard) -> Report:
        """Grade one submission; `problem` says why it cannot be run, "" when it can.

        `early` is as in `grade_submission`.  Raises MetronomeError when we fail; never for what the student did.
        """
        exercise = load_exercise(submission.exercise)
        if problem:
            return unreadable(submission, exercise, problem)
        lines = self._open(exercise.gpu)
        try:
            return grade_submission(submission, exercise, lines, self._secret, early=early)
        except BaseException:
            self._drop()
            raise

    def digest(self, slug: str) -> str:
        """What results for that exercise rest on besides file and student; see `grading_digest`."""
        exercise = load_exercise(slug)
        return grading_digest(exercise, self._open(exercise.gpu).launcher.ground)

    def close(self) -> None:
        """End every process; from another thread, it makes a grading under way fail."""
        with self._lock:
            self._closed = True
        self._drop()

    def _open(self, wants_gpu: bool) -> Lines:
        """The lines for exercises that want a GPU, or for those that do not."""
        with self._lock:
            if self._closed:
                raise MetronomeError("The session is closed.")
            if wants_gpu not in self._lines:
                launcher = choose_launcher(self.settings, wants_gpu, self._notice)
                self._vouched(launcher)
                self._lines[wants_gpu] = Lines(launcher, reuse=not launcher.isolated)
            return self._lines[wants_gpu]

    def _vouched(self, launcher: Launcher) -> None:
        if launcher.isolated or self._trusted:
            return
        launcher.close()
        raise UntrustedSubmissions(
            "Without a container, other people's files would run as you do. Start a Docker engine and build"
            " the image (`grade sandbox build`), or say --trust-submissions if you know all of them."
        )

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


def grade_or_fail(session: Session, submission: Submission, problem: str = "") -> Report:
    """Like `Session.grade`, but a failure of ours becomes a report with the outcome `grader_error`."""
    try:
        return session.grade(submission, problem)
    except MetronomeError as error:
        return failed_report(submission, load_exercise(submission.exercise), str(error))
