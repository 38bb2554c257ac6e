"""The order log: nested run lengths hold the exact sequence of patterns, in little room."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.spies import order
from sandbox.spies.order import OrderLog
from tests.sandbox.watching import expand

PATTERNS = ["ZFLBS", "FLBS", "DZFLBS", "f", "DfDf", ""]
FREE = st.lists(st.sampled_from(PATTERNS), max_size=80)
PERIODIC = st.recursive(
    st.sampled_from(PATTERNS).map(lambda beats: [beats]),
    lambda inner: st.tuples(st.lists(inner, min_size=1, max_size=4), st.integers(1, 5)).map(
        lambda made: [beats for part in made[0] for beats in part] * made[1]
    ),
    max_leaves=8,
).filter(lambda sequence: len(sequence) < 5000)


def logged(sequence: list[str]) -> OrderLog:
    log = OrderLog()
    for beats in sequence:
        log.add(beats)
    return log


def sequence_of(log: OrderLog) -> list[str]:
    names = {number: beats for beats, number in log.patterns.items()}
    return [names[number] for number in expand(log.items)]


@given(FREE | PERIODIC)
def test_the_items_expand_to_the_exact_sequence(sequence: list[str]) -> None:
    log = logged(sequence)
    assert sequence_of(log) == sequence
    assert not log.truncated


@given(FREE | PERIODIC)
def test_the_counts_are_the_true_counts(sequence: list[str]) -> None:
    assert logged(sequence).counts() == dict(Counter("".join(sequence)))


@given(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=30))
def test_a_pattern_is_new_once_and_keeps_its_number(sequence: list[str]) -> None:
    log = OrderLog()
    numbers: dict[str, int] = {}
    for beats in sequence:
        number, new = log.add(beats)
        assert new == (beats not in numbers)
        assert numbers.setdefault(beats, number) == number
    assert sorted(numbers.values()) == list(range(len(numbers)))


def test_a_million_equal_steps_are_one_item() -> None:
    log = logged(["DZFLBS"] * 1_000_000)
    assert log.items == [[0, 1_000_000]]


@pytest.mark.parametrize("period", range(2, order.MAX_PERIOD + 1))
def test_a_long_periodic_run_is_a_handful_of_items(period: int) -> None:
    sequence = [f"F{'B' * index}S" for index in range(period)] * 1000
    log = logged(sequence)
    assert len(log.items) <= 2 * period + 1
    assert sequence_of(log) == sequence


def test_epochs_with_an_odd_step_and_a_validation_are_a_handful_of_items() -> None:
    epoch = ["DZFLBS"] * 94 + ["DZFLBSS", "Df" * 9]
    log = logged(epoch * 500)
    assert len(str(log.items)) < 200
    assert sequence_of(log) == epoch * 500


def test_truncation_is_flagged_and_the_counts_stay_true() -> None:
    flips = [("AB"[(index * index // 7) % 2], "CD"[(index * 2654435761 >> 16) % 2]) for index in range(9000)]
    sequence = [beats for pair in flips for beats in pair]
    log = logged(sequence)
    assert log.truncated
    assert len(log.items) <= order.MAX_ITEMS
    assert log.counts() == dict(Counter(sequence))


def test_what_was_kept_of_a_truncated_order_is_its_beginning() -> None:
    state, sequence = 1, []
    for _ in range(8000):
        state = state * 48271 % 2147483647
        sequence.append(PATTERNS[state % len(PATTERNS)])
    log = logged(sequence)
    kept: list[Any] = sequence_of(log)
    assert log.truncated
    assert kept[:1500] == sequence[:1500]


def test_more_patterns_than_are_kept_leave_exact_counts() -> None:
    sequence = ["F" * (1 + index) + "S" for index in range(order.MAX_PATTERNS + 60)] * 2
    log = logged(sequence)
    assert log.truncated
    assert len(log.patterns) == order.MAX_PATTERNS
    assert log.counts() == dict(Counter("".join(sequence)))
    assert log.add("G" * 9) == (order.OTHER, False)
    assert log.add(sequence[0]) == (0, False)


def test_as_many_patterns_as_are_kept_are_not_truncated() -> None:
    sequence = ["F" * (1 + index) + "S" for index in range(order.MAX_PATTERNS)]
    log = logged(sequence)
    assert not log.truncated
    assert sequence_of(log) == sequence
