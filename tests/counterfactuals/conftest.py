"""Warm lines for a whole session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.launch.lines import Lines
from grader.launch.local import LocalLauncher


@pytest.fixture(scope="session")
def lines() -> Iterator[Lines]:
    """A zygote and an examiner, kept from one file to the next."""
    with Lines(LocalLauncher(), reuse=True) as opened:
        yield opened
