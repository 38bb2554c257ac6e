"""Warm lines for a whole session: a zygote and an examiner for the exercises that were graded last."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.launch import docker
from grader.launch.base import Launcher
from grader.launch.docker import DockerLauncher
from grader.launch.lines import Lines
from grader.launch.local import LocalLauncher
from grader.models import Report
from tests.reference.grading import Grade, grader_over

MOST_OPEN = 3
"""Exercises whose lines stay open; files come exercise by exercise."""


def _over(launcher: type[DockerLauncher] | type[LocalLauncher]) -> Iterator[Grade]:
    open_lines: dict[str, Lines] = {}

    def grade(slug: str, source: bytes, expected: list[str]) -> Report:
        lines = open_lines.pop(slug, None)
        if lines is None:
            if len(open_lines) >= MOST_OPEN:
                open_lines.pop(next(iter(open_lines))).close()
            made: Launcher = launcher()
            lines = Lines(made, reuse=True)
        open_lines[slug] = lines  # the last one used stands last
        return grader_over(lines)(slug, source, expected)

    try:
        yield grade
    finally:
        for lines in open_lines.values():
            lines.close()


@pytest.fixture(scope="session")
def grade_locally() -> Iterator[Grade]:
    """Grade over local processes."""
    yield from _over(LocalLauncher)


@pytest.fixture(scope="session")
def grade_anywhere() -> Iterator[Grade]:
    """Grade over containers where there is an engine, else over local processes."""
    yield from _over(LocalLauncher if docker.ready() else DockerLauncher)


@pytest.fixture(scope="session")
def lines_in_docker() -> Iterator[Lines]:
    """Lines to containers, one of the sandbox's for many of our own files."""
    with Lines(DockerLauncher(), reuse=True) as lines:
        yield lines
