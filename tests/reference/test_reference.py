"""Every reference file graded: as it is on both launchers, and renamed and stripped of comments."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference.grading import (
    Grade,
    assert_found,
    assert_right,
    bug_files,
    expected,
    parameters,
    right_files,
    stripped,
)

RIGHT = pytest.mark.parametrize(("slug", "path"), parameters(right_files()))
BUGS = pytest.mark.parametrize(("slug", "path"), parameters(bug_files()))


@RIGHT
def test_a_right_loop_keeps_full_marks(grade_locally: Grade, slug: str, path: Path) -> None:
    assert_right(grade_locally(slug, path.read_bytes(), []))


@BUGS
def test_a_bug_is_found_and_nothing_else(grade_locally: Grade, slug: str, path: Path) -> None:
    source = path.read_bytes()
    assert_found(grade_locally(slug, source, expected(source)), expected(source))


@RIGHT
def test_a_right_loop_is_right_without_its_comments(grade_locally: Grade, slug: str, path: Path) -> None:
    assert_right(grade_locally(slug, stripped(path.read_bytes()), []))


@BUGS
def test_a_bug_is_found_without_its_comments(grade_locally: Grade, slug: str, path: Path) -> None:
    source = path.read_bytes()
    assert_found(grade_locally(slug, stripped(source), expected(source)), expected(source))


@pytest.mark.docker
@RIGHT
def test_a_right_loop_keeps_full_marks_in_docker(grade_in_docker: Grade, slug: str, path: Path) -> None:
    assert_right(grade_in_docker(slug, path.read_bytes(), []))


@pytest.mark.docker
@BUGS
def test_a_bug_is_found_in_docker(grade_in_docker: Grade, slug: str, path: Path) -> None:
    source = path.read_bytes()
    report = grade_in_docker(slug, source, expected(source))
    assert_found(report, expected(source))
    assert all(
        item.basis == "observed" for item in report.findings if item.slug != "accuracy-below-threshold"
    )
