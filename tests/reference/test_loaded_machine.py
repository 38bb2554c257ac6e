"""An honest run on a machine whose cores are all busy is verified like any other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from grader.exercise import load_exercise
from grader.launch.lines import Lines
from tests.reference.grading import assert_right, assert_verified, grader_over

pytestmark = pytest.mark.docker

BUSY = "while True: sum(range(10_000))"
EXERCISES = ("linreg-torch", "sgd-from-scratch", "checkpoint-resume", "mnist-from-memory")
"""A short run; one that has to be traced; one that is killed and resumed; a script with a model of its own."""


@pytest.fixture
def busy_machine() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes for every core that do nothing but compute, while the test runs."""
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield busy
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.mark.parametrize("slug", EXERCISES)
def test_a_right_loop_is_verified_on_a_busy_machine(
    slug: str, busy_machine: list[subprocess.Popen[bytes]], lines_in_docker: Lines
) -> None:
    source = (load_exercise(slug).reference / "solution.py").read_bytes()
    report = grader_over(lines_in_docker)(slug, source, [])
    assert [process.poll() for process in busy_machine] == [None] * len(busy_machine)
    assert_right(report)
    assert_verified(report)
