"""What is killed: in a container everything at once, so that nobody hears of another's end before its own."""

from __future__ import annotations

import os

import pytest

from sandbox import housekeeping


@pytest.mark.parametrize(("own", "struck"), [(1, -1), (4242, 77)])
def test_in_a_container_all_are_struck_at_once_and_elsewhere_the_child_alone(
    monkeypatch: pytest.MonkeyPatch, own: int, struck: int
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "getpid", lambda: own)
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    housekeeping.strike(77)
    assert killed == [(struck, 9)]
