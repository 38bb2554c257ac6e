"""Every right file graded, and most bugs: renamed and stripped of comments, in docker where there is an engine.

As they are, on local processes, a part of them: the checks see neither comments nor names.  `make references` grades
all files both ways.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.checks.registry import HABITS
from grader.exercise import load_exercise, slugs
from grader.launch.lines import Lines
from grader.models import Submission
from grader.pipeline import grade_submission
from tests.reference.grading import (
    SECRET,
    Grade,
    assert_found,
    assert_right,
    assert_verified,
    expected,
    most_bug_files,
    parameters,
    right_files,
    some_bug_files,
    some_right_files,
    stripped,
)

RIGHT = pytest.mark.parametrize(("slug", "path"), parameters(right_files()))
SOME_RIGHT = pytest.mark.parametrize(("slug", "path"), parameters(some_right_files()))
SOME_BUGS = pytest.mark.parametrize(("slug", "path"), parameters(some_bug_files()))
BUGS = pytest.mark.parametrize(("slug", "path"), parameters(most_bug_files()))


@SOME_RIGHT
def test_a_right_loop_keeps_full_marks(grade_locally: Grade, slug: str, path: Path) -> None:
    assert_right(grade_locally(slug, path.read_bytes(), []))


@SOME_BUGS
def test_a_bug_is_found_and_nothing_else(grade_locally: Grade, slug: str, path: Path) -> None:
    source = path.read_bytes()
    assert_found(grade_locally(slug, source, expected(source)), expected(source))


@RIGHT
def test_a_right_loop_is_right_without_its_comments(grade_anywhere: Grade, slug: str, path: Path) -> None:
    report = grade_anywhere(slug, stripped(path.read_bytes()), [])
    assert_right(report)
    assert_verified(report)


@BUGS
def test_a_bug_is_found_without_its_comments(grade_anywhere: Grade, slug: str, path: Path) -> None:
    source = path.read_bytes()
    assert_found(grade_anywhere(slug, stripped(source), expected(source)), expected(source))


@pytest.mark.docker
@pytest.mark.parametrize("slug", slugs())
def test_only_what_the_examiner_computed_is_verified(lines_in_docker: Lines, slug: str) -> None:
    """In docker, what a replay, a judge or the hidden test showed is verified; habits are observed."""
    exercise = load_exercise(slug)
    bug = sorted((exercise.reference / "bugs").glob("*.py"))[0]
    submission = Submission(filename="loop.py", source=bug.read_bytes(), exercise=slug)
    report = grade_submission(submission, exercise, lines_in_docker, SECRET)
    assert report.findings
    for item in report.findings:
        found = report.verification
        replayed = found is not None and (found.status, found.method) == ("verified", "replay")
        shown = item.slug == "accuracy-below-threshold" or exercise.judge
        if item.slug in HABITS:
            assert item.basis == "observed"
        elif replayed or not shown:
            assert item.basis == ("verified" if replayed else "observed")
