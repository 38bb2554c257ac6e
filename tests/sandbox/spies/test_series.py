"""The loss series: exact at both ends, thinned between, in bounded memory."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.spies.series import ENDS, THINNED, LossSeries


def taken(values: list[float]) -> LossSeries:
    series = LossSeries()
    for number, value in enumerate(values):
        series.add(value, number + 10)
    return series


@given(st.integers(0, 3000))
def test_both_ends_are_exact_and_the_thinned_pairs_are_true(count: int) -> None:
    values = [math.sin(number) for number in range(count)]
    record = taken(values).record()
    assert record.count == count
    assert record.first == values[:ENDS]
    assert record.last == values[-ENDS:]
    assert all(values[int(number)] == value for number, value in record.thinned)
    numbers = [number for number, _ in record.thinned]
    assert len(numbers) <= THINNED
    assert len({after - before for before, after in pairwise(numbers)}) <= 1
    assert numbers[:1] == [0.0][:count]


def test_a_long_run_stays_small_and_is_thinned_evenly_to_its_end() -> None:
    record = taken([float(number) for number in range(200_000)]).record()
    numbers = [number for number, _ in record.thinned]
    assert THINNED / 2 <= len(numbers) <= THINNED
    assert numbers[-1] >= 199_999 - (numbers[1] - numbers[0])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_the_first_loss_that_is_not_finite_is_kept_with_its_line(bad: float) -> None:
    record = taken([1.0, 2.0, bad, 3.0, math.nan]).record()
    assert (record.non_finite_at, record.non_finite_line) == (2, 12)
    assert repr(record.non_finite_value) == repr(bad)


def test_finite_losses_leave_no_such_mark() -> None:
    record = taken([1.0, 2.0]).record()
    assert (record.non_finite_at, record.non_finite_line, record.non_finite_value) == (-1, 0, None)


def test_a_loss_whose_line_was_not_taken_keeps_the_last_one_known() -> None:
    series = LossSeries()
    series.add(1.0, 7)
    series.add(math.inf, 0)
    assert series.record().line == 7
    assert series.record().non_finite_line == 7
