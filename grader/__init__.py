"""Metronome, the autograder for PyTorch training loops: `grade(path)` gives a `Report`.

    from grader import grade
    report = grade("loop.py", exercise="linreg-torch")
    print(report.passed, report.score.points)

Nothing heavy is imported before it is used, so `import grader` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from grader.version import VERSION

if TYPE_CHECKING:
    from grader.exercise import load_exercise
    from grader.models import Report
    from grader.settings import Settings

__all__ = ["Report", "__version__", "grade", "load_exercise"]
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

    What is left out comes from `settings`, and they from `grade.toml` and the GRADE_* variables.
    Raises UsageError (no such file, unknown exercise, bad settings) and other MetronomeErrors; what
    the student did wrong is in the report, never an exception.
    """
    from grader.pipeline import grade_file
    from grader.settings import load_settings, override

    chosen = override(settings or load_settings(), sandbox=sandbox, student=student, gpu=gpu)
    return grade_file(Path(path), exercise=exercise, settings=chosen)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
