"""Where a generator stands is told by its seed and a count, from which it goes on giving the same numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sandbox import generators
from sandbox.generators import BLOCK, LEFT, WORDS, place_of, skip

Draw = Callable[[torch.Generator], object]
DRAWS: dict[str, Draw] = {
    "rand": lambda source: torch.rand(7, generator=source),
    "rand in float64": lambda source: torch.rand(5, dtype=torch.float64, generator=source),
    "randn of many": lambda source: torch.randn(32, generator=source),
    "randint": lambda source: torch.randint(10, (9,), generator=source),
    "randperm": lambda source: torch.randperm(300, generator=source),
    "bernoulli": lambda source: torch.empty(40).bernoulli_(0.3, generator=source),
    "multinomial": lambda source: torch.multinomial(torch.ones(20), 5, generator=source),
    "a layer's values": lambda source: torch.nn.init.kaiming_uniform_(torch.empty(70, 9), generator=source),
}
SEEDS = (0, 1, 1234, (1 << 32) - 1, 1 << 32, 0x1234_5678_9ABC_DEF0, (1 << 64) - 1)


def seeded(seed: int, numbers: int = 0) -> torch.Generator:
    made = torch.Generator()
    made.manual_seed(seed)
    skip(made, numbers)
    return made


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("numbers", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 5000])
def test_seed_and_count_are_told(seed: int, numbers: int) -> None:
    assert place_of(seeded(seed, numbers).get_state()) == (seed, numbers)


@given(st.integers(0, (1 << 64) - 1), st.lists(st.sampled_from(sorted(DRAWS)), max_size=8))
def test_a_generator_put_there_goes_on_with_the_same_numbers(seed: int, draws: list[str]) -> None:
    source = seeded(seed)
    for name in draws:
        DRAWS[name](source)
    place = place_of(source.get_state())
    assert place is not None
    assert place[0] == seed
    other = seeded(*place)
    assert torch.equal(torch.rand(1000, generator=source), torch.rand(1000, generator=other))
    assert torch.equal(torch.randn(16, generator=source), torch.randn(16, generator=other))


@pytest.mark.parametrize("start", [1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, 4999, 5000])
def test_a_count_is_found_from_any_smaller_one_on(start: int) -> None:
    assert place_of(seeded(7, 5000).get_state(), start) == (7, 5000)


def test_half_of_a_pair_of_normal_numbers_cannot_be_told() -> None:
    source = seeded(7)
    torch.randn(3, generator=source)
    assert place_of(source.get_state()) is None
    torch.randn(1, generator=source)
    assert place_of(source.get_state()) is not None


def test_numbers_that_no_seed_gives_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state could hold the weights of a trained model."""
    monkeypatch.setattr(generators, "MAX_DRAWN", 20 * BLOCK)
    state = seeded(7, 1000).get_state()
    changed = state.clone()
    changed[WORDS + 8 * 100] ^= 1
    assert place_of(state) == (7, 1000)
    assert place_of(changed) is None
    other_seed = state.clone()
    other_seed[0] ^= 1
    assert place_of(other_seed) is None


def test_only_so_many_numbers_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generators, "MAX_DRAWN", 10 * BLOCK)
    assert place_of(seeded(7, 10 * BLOCK - 1).get_state()) == (7, 10 * BLOCK - 1)
    assert place_of(seeded(7, 12 * BLOCK).get_state()) is None


def test_where_it_is_said_how_many_are_left_is_where_torch_says_it() -> None:
    left = [
        int.from_bytes(bytes(seeded(7, count).get_state()[LEFT : LEFT + 4].tolist()), "little")
        for count in (1, 2)
    ]
    assert left == [BLOCK, BLOCK - 1]


def test_skipping_in_pieces_is_skipping_at_once() -> None:
    pieces = seeded(3)
    for count in (1, 0, 700, 12_345):
        skip(pieces, count)
    assert torch.equal(pieces.get_state(), seeded(3, 13_046).get_state())
    many = (1 << 20) + 5
    assert torch.equal(seeded(3, many).get_state(), seeded(3, 1 << 20).get_state()) is False
    assert place_of(seeded(3, many).get_state(), many - 10) == (3, many)


def test_telling_moves_no_generator() -> None:
    torch.manual_seed(11)
    torch.rand(50)
    before = torch.get_rng_state()
    place_of(before)
    assert torch.equal(torch.get_rng_state(), before)
