"""Every reference file graded: renamed and stripped of comments all of them, in docker where there is an engine.

As they are, on local processes, a part of them: the checks see neither comments nor names, so the rest is for
`make references`, which grades all of them both ways.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exercise import load_exercise, slugs
from tests.reference.grading import (
    Grade,
    assert_found,
    assert_right,
    bug_files,
    expected,
    parameters,
    right_files,
    some_bug_files,
    some_right_files,
    stripped,
)

RIGHT = pytest.mark.parametrize(("slug", "path"), parameters(right_files()))
SOME_RIGHT = pytest.mark.parametrize(("slug", "path"), parameters(some_right_files()))
SOME_BUGS = pytest.mark.parametrize(("slug", "path"), parameters(some_bug_files()))
BUGS = pytest.mark.parametrize(("slug", "path"), parameters(bug_files()))


@SOME_RIGHT
def test_a_right_loop_keeps_full_marks(grade_locally: Grade, slug: str, path: Path) -> None:
    assert_right(grade_locally(slug, path.read_bytes(), []))


@SOME_BUGS
def test_a_bug_is_found_and_nothing_else(grade_locally: Grade, slug: str, path: Path) -> None:
    source = path.read_bytes()
    assert_found(grade_locally(slug, source, expected(source)), expected(source))


@RIGHT
def test_a_right_loop_is_right_without_its_comments(grade_anywhere: Grade, slug: str, path: Path) -> None:
    assert_right(grade_anywhere(slug, stripped(path.read_bytes()), []))


@BUGS
def test_a_bug_is_found_without_its_comments(grade_anywhere: Grade, slug: str, path: Path) -> None:
    source = path.read_bytes()
    assert_found(grade_anywhere(slug, stripped(source), expected(source)), expected(source))


@pytest.mark.docker
@pytest.mark.parametrize("slug", slugs())
def test_only_what_the_examiner_computed_is_verified(grade_in_docker: Grade, slug: str) -> None:
    """In docker, findings from the trace are observed; those from returned values and hidden data are verified."""
    bug = sorted((load_exercise(slug).reference / "bugs").glob("*.py"))[0]
    report = grade_in_docker(slug, bug.read_bytes(), expected(bug.read_bytes()))
    for item in report.findings:
        if item.slug in ("accuracy-below-threshold", "checkpoint-incomplete", "resume-diverges"):
            assert item.basis == "verified"
        elif not load_exercise(slug).judge:
            assert item.basis == "observed"
