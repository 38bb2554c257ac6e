"""Two hundred submissions through one process: it holds as much afterwards as before (`make soak`: 2,000)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.conftest import own_containers
from tests.soak.soaking import Held, held, soak

COUNT = 200
GROWTH = 8 << 10
"""KiB that resident memory may grow from the first fifth to the last one."""
MORE = {"descriptors": 8, "threads": 2}
"""How many more there may be: the engine's client keeps connections that it has once needed side by side."""


def flat(before: Held, looks: list[Held], after: Held, containers: list[str]) -> list[str]:
    """What is not as it should be, as sentences: something is left, or something grew while it graded."""
    fifth = max(1, len(looks) // 5)
    early, late = looks[fifth : 2 * fifth], looks[-fifth:]
    grown = max(item.memory for item in late) - max(item.memory for item in early)
    found = [f"memory grew by {grown} KiB"] if grown > GROWTH else []
    for name, most in MORE.items():
        # The fewest: while a role is replaced there are more for a moment, and what leaks is there at every look.
        more = min(getattr(item, name) for item in late) - min(getattr(item, name) for item in early)
        found += [f"{more} more {name}"] if more > most else []
    for name in ("descriptors", "threads", "children", "temporary"):
        left = getattr(after, name) - getattr(before, name)
        found += [f"{left} {name} left"] if left > 0 else []
    return found + [f"container left: {name}" for name in containers]


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
def test_two_hundred_submissions_leave_nothing_and_memory_is_flat(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRADE_SECRET", "5e" * 32)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = held()
    looks: list[Held] = []
    wrong = soak(COUNT, lambda _, now: looks.append(now), every=5)
    assert wrong == []
    assert flat(before, looks, held(), own_containers()) == []
