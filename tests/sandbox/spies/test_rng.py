"""Random-generator spies: seeding and rewinding are events, and do what they did before."""

from __future__ import annotations

import torch

from sandbox import trace
from sandbox.spies.rng import MAX_EVENTS
from tests.sandbox.watching import watch

LOOP = """
for step in range(3):
    torch.manual_seed(7)
    optimizer.zero_grad(); criterion(model(x), x).backward(); optimizer.step()
"""


def test_seeding_is_an_event_with_its_step_and_line() -> None:
    found = watch(LOOP).of(trace.Rng)
    assert [(item.what, item.value, item.at_step, item.line) for item in found] == [
        ("manual_seed", 7, step, 10) for step in range(3)
    ]


def test_rewinding_is_an_event_and_rewinds() -> None:
    seen = watch("""
        state = torch.get_rng_state()
        first = torch.rand(3)
        torch.set_rng_state(state)
        again = torch.rand(3)
    """)
    assert seen.one(trace.Rng).what == "set_rng_state"
    assert torch.equal(seen.names["first"], seen.names["again"])


def test_a_seed_given_by_name_or_too_large_for_a_record_is_harmless() -> None:
    found = watch("torch.manual_seed(seed=3); torch.seed(); torch.manual_seed(2**64 - 1)").of(trace.Rng)
    assert [(item.what, item.value) for item in found] == [
        ("manual_seed", 3),
        ("seed", -1),
        ("manual_seed", -1),
    ]


def test_many_events_stay_bounded() -> None:
    assert len(watch("for step in range(1000): torch.manual_seed(step)").of(trace.Rng)) == MAX_EVENTS


def test_a_generator_of_ones_own_is_no_event() -> None:
    assert watch("torch.Generator().manual_seed(4)").of(trace.Rng) == []
