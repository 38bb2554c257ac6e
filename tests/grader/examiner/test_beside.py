"""Our own loops beside a run's record: how far they go, and that those which never fit end early."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.challenge import Challenge
from grader.examine import Prepared, prepare
from grader.examiner.apart import Budget
from grader.examiner.beside import Beside
from grader.examiner.likeness import Trail, trail_of
from grader.exercise import load_exercise
from grader.launch.lines import Lines, limits_of
from grader.launch.local import LocalLauncher
from grader.models import Submission
from grader.runs import gated, job_of, run
from sandbox.results import EARLY_HASHES

EXERCISE = load_exercise("linreg-torch")
CHALLENGE = Challenge.derive(bytes(32), EXERCISE.slug, EXERCISE.version, "", "beside")
SOLUTION = (EXERCISE.reference / "solution.py").read_bytes()
HEAD = (
    "def train(model, loader, criterion, optimizer, epochs):\n    marks = open({marks!r}, 'a', buffering=1)\n"
)


@pytest.fixture(scope="module")
def lines() -> Iterator[Lines]:
    with Lines(LocalLauncher(), reuse=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def prepared(lines: Lines) -> Prepared:
    return prepare(lines.examiner(), EXERCISE, CHALLENGE)


@pytest.fixture(scope="module")
def trail(lines: Lines, prepared: Prepared) -> Trail:
    """What a right run leaves."""
    submission = Submission(filename="loop.py", source=SOLUTION, exercise=EXERCISE.slug)
    job = job_of(submission, EXERCISE, CHALLENGE, prepared)
    problem, records = gated(run(job, EXERCISE, lines, limits_of(EXERCISE)))
    found = trail_of(records)
    assert problem == ""
    assert found is not None
    assert found.counts
    assert found.steps > EARLY_HASHES
    return found


def beside(folder: Path, prepared: Prepared, trail: Trail) -> Beside:
    submission = Submission(filename="loop.py", source=b"", exercise=EXERCISE.slug)
    job = job_of(submission, EXERCISE, CHALLENGE, prepared)
    return Beside(folder, EXERCISE, prepared.training, dict(job.fields), trail, Budget(60.0))


def loop(marks: Path, body: str) -> bytes:
    """A loop that may write a mark to a file."""
    return (HEAD.format(marks=str(marks)) + textwrap.indent(textwrap.dedent(body), "    ")).encode()


def test_the_right_loop_decides_whether_the_others_run(
    tmp_path: Path, prepared: Prepared, trail: Trail
) -> None:
    marks = tmp_path / "marks"
    other = loop(marks, "marks.write('x')")
    (went,) = beside(tmp_path / "equal", prepared, trail).run_each([SOLUTION, other, other], judge=True)
    assert (went.differs, went.whole, went.steps) == (None, True, trail.steps)
    assert not marks.exists()
    elsewhere = Trail(trail.first, {}, "0" * 64, trail.steps)
    ran = list(beside(tmp_path / "other", prepared, elsewhere).run_each([SOLUTION, other, other], judge=True))
    assert [went.differs is not None for went in ran] == [True, True, True]
    assert marks.read_text() == "xx"


NO_STEP = """\
for epoch in range(epochs):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
    marks.write("x")
return [0.0] * epochs
"""
LATE = """\
for epoch in range(epochs):
    for x, y in loader:
        criterion(model(x), y).backward()
    optimizer.step()
    marks.write("x")
return [0.0] * epochs
"""


def test_a_loop_without_a_step_is_not_run_to_its_end_beside_a_run_with_many(
    tmp_path: Path, prepared: Prepared, trail: Trail
) -> None:
    marks = tmp_path / "marks"
    (went,) = beside(tmp_path / "beside", prepared, trail).run_each([loop(marks, NO_STEP)])
    assert (went.differs, went.failed) == (0, False)
    assert marks.read_text() == "xx"


def test_a_run_without_many_steps_may_be_what_such_a_loop_comes_to(
    tmp_path: Path, prepared: Prepared, trail: Trail
) -> None:
    still = Trail(trail.first, {}, trail.first, 0)
    (went,) = beside(tmp_path / "beside", prepared, still).run_each([loop(tmp_path / "marks", NO_STEP)])
    assert (went.differs, went.whole, went.failed) == (None, True, False)


def test_a_step_after_each_pass_is_a_step(tmp_path: Path, prepared: Prepared, trail: Trail) -> None:
    (went,) = beside(tmp_path / "beside", prepared, trail).run_each([loop(tmp_path / "marks", LATE)])
    assert went.differs == 1
