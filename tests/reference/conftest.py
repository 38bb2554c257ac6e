"""Warm lines for a whole session: one zygote and one examiner for each launcher and exercise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.launch.base import Launcher
from grader.launch.docker import DockerLauncher
from grader.launch.lines import Lines
from grader.launch.local import LocalLauncher
from grader.models import Report
from tests.reference.grading import Grade, grader_over


def _over(launcher: type[DockerLauncher] | type[LocalLauncher]) -> Iterator[Grade]:
    open_lines: dict[str, Lines] = {}

    def grade(slug: str, source: bytes, expected: list[str]) -> Report:
        if slug not in open_lines:
            made: Launcher = launcher()
            open_lines[slug] = Lines(made, reuse=True)
        return grader_over(open_lines[slug])(slug, source, expected)

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
def grade_in_docker() -> Iterator[Grade]:
    """Grade over containers."""
    yield from _over(DockerLauncher)
