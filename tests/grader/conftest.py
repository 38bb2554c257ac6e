"""An exercise of one's own, freshly written, beside Metronome's; no test's folder of exercises outlives it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.exercise import Exercise, load_exercise, use_folder
from grader.scaffold import write_exercise


@pytest.fixture(autouse=True)
def no_folder_stays() -> Iterator[None]:
    """A command that is run in this process may have put a folder of exercises to use."""
    yield
    use_folder(None)


@pytest.fixture
def own_exercise(tmp_path: Path) -> Iterator[Exercise]:
    """The exercise first-line in a folder of its own, in use until the test is over."""
    write_exercise(tmp_path / "first-line")
    use_folder(tmp_path)
    yield load_exercise("first-line")
    use_folder(None)
    load_exercise.cache_clear()
