"""Metronome, the autograder for PyTorch training loops: `grade(path)` gives a `Report`.

    from grader import grade, grade_many

    report = grade("loop.py", exercise="linreg-torch")
    print(report.passed, report.score.points)

    for report in grade_many(["ada.py", "grace.py"], exercise="linreg-torch", jobs=2):
        print(report.filename, report.summary)

Nothing heavy is imported before it is used, so `import grader` stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from grader.version import VERSION

if TYPE_CHECKING:
    from grader.exercise import load_exercise
    from grader.models import Report
    from grader.settings import Settings

__all__ = ["Report", "__version__", "grade", "grade_many", "load_exercise"]
__version__ = VERSION

_HOMES = {"Report": "grader.models", "load_exercise": "grader.exercise"}


def grade(
    path: str | Path,
    *,
    exercise: str | None = None,
    sandbox: Literal["auto", "docker", "local"] | None = None,
    student: str | None = None,
    gpu: str | None = None,
    settings: Settings | None = None,
) -> Report:
    """Grade one file and return its report.

    `exercise` is a slug; `sandbox` says where the code runs ("auto" takes a container when it can);
    `student` is whose file it is, since every student gets other data; `gpu` is "auto", "none" or an id.
    What is left out comes from `settings`, and they from `grade.toml` and the GRADE_* variables.

    Raises UsageError (no such file, unknown exercise, bad settings) and other MetronomeErrors; what
    the student did wrong is in the report, never an exception.
    """
    from grader.settings import load_settings, override
    from grader.single import grade_file

    chosen = override(settings or load_settings(), sandbox=sandbox, student=student, gpu=gpu)
    return grade_file(Path(path), exercise=exercise, settings=chosen)


def grade_many(
    paths: Iterable[str | Path],
    *,
    exercise: str | None = None,
    sandbox: Literal["auto", "docker", "local"] | None = None,
    student: Callable[[Path], str] | None = None,
    gpu: str | None = None,
    jobs: int | None = None,
    settings: Settings | None = None,
) -> Iterator[Report]:
    """Grade files side by side and yield each report when it is finished, in no particular order.

    `student` tells whose file a path is; `jobs` is how many run at a time (default: one a processor, at
    most 8); the rest is as in `grade`.  Report.filename and Report.student say which file a report is on.

    Raises like `grade`, before the first report; where we fail on one file, its report has the outcome
    "grader_error" and the others go on.  Closing the iterator ends what still runs.
    """
    from grader.many import grade_files
    from grader.settings import load_settings, override

    chosen = override(settings or load_settings(), sandbox=sandbox, gpu=gpu)
    return grade_files(
        [Path(path) for path in paths],
        exercise=exercise,
        settings=chosen,
        jobs=min(os.cpu_count() or 1, 8) if jobs is None else jobs,
        student=student,
    )


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
