"""Grading for an exercise that leaves the architecture open, over lines that stay open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.exercise import load_exercise, use_folder
from grader.launch.docker import DockerLauncher
from grader.launch.lines import Lines
from grader.launch.local import LocalLauncher
from grader.models import Report, Submission
from grader.pipeline import grade_submission
from tests.reference.grading import SECRET

FOLDER = Path(__file__).parent
SLUG = "own-digits"

Grade = Callable[..., Report]


@pytest.fixture(scope="module", autouse=True)
def course() -> Iterator[Path]:
    """The folder of the exercise, known to this process and to those that it starts."""
    use_folder(FOLDER / "exercises")
    yield FOLDER / "exercises" / SLUG
    use_folder(None)


def _over(lines: Lines) -> Grade:
    def grade(path: Path, *, verify: bool, deadline: float | None = None) -> Report:
        submission = Submission(filename="loop.py", source=path.read_bytes(), exercise=SLUG)
        exercise = load_exercise(SLUG)
        return grade_submission(submission, exercise, lines, SECRET, verify=verify, deadline=deadline)

    return grade


@pytest.fixture(scope="module")
def grade(course: Path) -> Iterator[Grade]:
    """Grade over local processes, with a replay or without one."""
    with Lines(LocalLauncher(), reuse=True) as lines:
        yield _over(lines)


@pytest.fixture(scope="module")
def grade_in_docker(course: Path) -> Iterator[Grade]:
    """Grade over containers, of which each serves one run."""
    with Lines(DockerLauncher()) as lines:
        yield _over(lines)
