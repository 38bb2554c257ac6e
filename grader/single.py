"""One file from a path, everything started and ended for it: `grade submit`, and `grade` from Python.

Sandbox and examiner need seconds to start, so both are started before what judges their work is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grader.challenge import course_secret
from grader.exercise import load_exercise, use_folder
from grader.ingest.loop import read_loop
from grader.launch.choose import choose_launcher
from grader.launch.lines import Lines, limits_of
from grader.settings import Settings

if TYPE_CHECKING:
    from grader.models import Report
    from grader.runs import Say


def grade_file(
    path: Path,
    *,
    exercise: str | None,
    settings: Settings,
    progress: Say | None = None,
    notice: Say | None = None,
) -> Report:
    """Grade one file.  `progress` hears what is being done, `notice` what a person should know.

    Raises UsageError, LaunchError, ExaminerError and other MetronomeErrors; never for what a student did.
    """
    use_folder(settings.exercises)
    submission, problem = read_loop(path, exercise, settings)
    chosen = load_exercise(submission.exercise)
    if problem:
        from grader.pipeline import unreadable

        return unreadable(submission, chosen, problem)
    secret = course_secret(settings)
    say = progress or _nothing
    say("starting the sandbox")
    launcher = choose_launcher(settings, chosen.gpu, notice or _nothing)
    with Lines(launcher, reuse=launcher.isolated and settings.isolation == "fork") as lines:
        lines.sandbox(chosen, limits_of(chosen))
        lines.examiner()
        from grader.pipeline import grade_submission

        return grade_submission(submission, chosen, lines, secret, progress=say)


def _nothing(_: str) -> None:
    """Nobody listens."""
