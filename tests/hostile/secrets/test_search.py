"""The search itself: it finds what is there, wherever that begins, and not itself."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.hostile.secrets.needles import forms
from tests.hostile.secrets.search import CHUNK, Search, pairs_of

NOISE = random.Random(5).randbytes(4096)
NEEDLES = forms("seed", int.from_bytes(random.Random(6).randbytes(32)), 32)


@pytest.mark.parametrize("name", NEEDLES)
@pytest.mark.parametrize("at", range(1000, 1008))
def test_a_needle_is_found_wherever_it_begins(name: str, at: int) -> None:
    hay = NOISE[:at] + NEEDLES[name] + NOISE[at:]
    assert Search(pairs_of(NEEDLES)).in_bytes(hay) == {name}


def test_nothing_is_found_where_nothing_is() -> None:
    assert Search(pairs_of(NEEDLES)).in_bytes(NOISE) == set()
    assert Search(pairs_of(NEEDLES)).in_bytes(b"") == set()


@pytest.mark.parametrize("before", [CHUNK - 40, CHUNK - 31, CHUNK - 16, CHUNK - 8, CHUNK - 1, CHUNK])
def test_a_needle_on_the_border_of_two_pieces_is_found(tmp_path: Path, before: int) -> None:
    name = "seed as bytes"
    path = tmp_path / "file"
    path.write_bytes(bytes(before) + NEEDLES[name] + bytes(100))
    assert Search(pairs_of(NEEDLES)).in_file(str(path)) == {name}


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="Linux")
def test_a_search_of_its_own_memory_finds_what_was_kept_and_not_itself() -> None:
    """The needles are made for the search, and forgotten; then one is made again."""
    absent = Search(pairs_of({"absent": bytes(a ^ 0x5A for a in NOISE[:32])}))
    present = Search(pairs_of({"present": NOISE[100:132]}))
    assert {name for name, _ in present.in_memory("self")[0]} == {"present"}
    found, size, _ = absent.in_memory("self")
    assert found == set()
    assert size > 10 << 20
