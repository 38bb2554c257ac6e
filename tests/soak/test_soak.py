"""Two hundred submissions through one process: it holds as much afterwards as before (`make soak`: 2,000)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.soak.soaking import Held, flat

COUNT = 200


def test_what_grew_and_what_is_left_is_named() -> None:
    usual = Held(memory=100_000, descriptors=20, threads=9, children=0, temporary=0)
    bigger = Held(memory=120_000, descriptors=30, threads=19, children=1, temporary=0)
    assert flat(usual, [usual] * 10, usual, []) == []
    assert flat(usual, [usual] * 8 + [bigger] * 2, bigger, ["x"]) == [
        "memory grew by 20000 KiB",
        "10 more descriptors",
        "10 more threads",
        "10 descriptors left",
        "10 threads left",
        "1 children left",
        "container left: x",
    ]


@pytest.mark.docker
def test_two_hundred_submissions_leave_nothing_and_memory_is_flat() -> None:
    soaked = subprocess.run(
        [sys.executable, "-m", "tests.soak", str(COUNT)], check=False, capture_output=True, text=True
    )
    assert soaked.returncode == 0, soaked.stdout + soaked.stderr
    assert soaked.stdout.endswith("Nothing is left, and memory is flat.\n")
