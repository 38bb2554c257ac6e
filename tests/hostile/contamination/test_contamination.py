"""After each hostile file in a shared container, an honest one gets exactly the report that it gets alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.errors import SandboxBroken
from grader.exercise import load_exercise
from grader.launch.docker import DockerLauncher
from grader.launch.lines import Lines
from grader.launch.pool import Pool, Warm
from grader.models import Report, Submission
from grader.pipeline import grade_submission
from tests.reference.grading import ALL, SECRET

FOLDER = Path(__file__).parent
HOSTILE = sorted((FOLDER / "files").glob("*.py"))
CANARY = (FOLDER / "canary.py").read_bytes()
SHORT = 4.0
"""Seconds that a hostile file gets; a canary gets what the exercise gives."""

pytestmark = pytest.mark.docker


class Stubborn(Pool):
    """A pool that never replaces a sandbox unless it has to: what was left has to be gone by the sweep alone."""

    def give(self, warm: Warm, *, fit: bool) -> None:
        try:
            warm.line.settled()
        except SandboxBroken:  # the deadline has ended it
            return super().give(warm, fit=False)
        return super().give(warm, fit=True)


@pytest.fixture(scope="module")
def canary_alone() -> Report:
    """The canary's report in a container of its own."""
    with Lines(DockerLauncher()) as lines:
        return graded(lines, CANARY)


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest) -> Iterator[Lines]:
    """Lines over one pool that reuses a container."""
    launcher = DockerLauncher()
    pool = request.param(launcher, "fork")
    with Lines(launcher, pool=pool) as lines:
        yield lines
    pool.close()


def graded(lines: Lines, source: bytes, deadline: float | None = None) -> Report:
    submission = Submission(filename="loop.py", source=source, exercise="linreg-torch", student="ada")
    report = grade_submission(submission, load_exercise("linreg-torch"), lines, SECRET, deadline=deadline)
    lines.rest()
    return report


def compared(report: Report) -> dict[str, Any]:
    """All of a report but its times and ids."""
    content = report.model_dump(exclude={"report_id", "seconds"})
    assert content["sandbox"].pop("seconds") > 0
    return content


def test_there_are_thirty_and_each_says_what_it_tries() -> None:
    assert len(HOSTILE) >= 30
    assert all(path.read_text().startswith("# tries to ") for path in HOSTILE)


def test_the_canary_is_right_and_tells_what_it_sees(canary_alone: Report) -> None:
    assert canary_alone.passed, canary_alone.output
    assert canary_alone.verification is not None
    assert canary_alone.verification.status == "verified"
    assert "processes 2 " in canary_alone.output
    assert "msg 1" in canary_alone.output


@pytest.mark.parametrize(
    ("shared", "path"),
    [pytest.param(Pool, path, id=f"replaced-{path.stem}") for path in HOSTILE if ALL or path in HOSTILE[::5]]
    + [pytest.param(Stubborn, path, id=f"swept-{path.stem}") for path in HOSTILE],
    indirect=["shared"],
)
def test_the_canary_gets_the_report_that_it_gets_alone(
    shared: Lines, canary_alone: Report, path: Path
) -> None:
    report = graded(shared, path.read_bytes(), SHORT)
    assert report.passed is not True
    assert compared(graded(shared, CANARY)) == compared(canary_alone)
