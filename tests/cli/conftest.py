"""Where a command runs that is tested in a process of its own."""

import pytest


@pytest.fixture
def home(tmp_path):
    """A folder with a home, a place for temporary files and a place to work in."""
    for name in ("home", "tmp", "work"):
        (tmp_path / name).mkdir()
    return tmp_path
