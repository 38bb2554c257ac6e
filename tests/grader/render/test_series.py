"""Losses made ready to draw."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.render.series import MOST_POINTS, series, smoothed


def test_steps_are_the_reports_or_count_from_one():
    assert [step for step, _ in series([1.0, 2.0], [3, 9]).points] == [3, 9]
    for steps in ([], [1], [2, 1], [1, 1], [-1, 3], [1, 10**400]):
        assert [step for step, _ in series([1.0, 2.0], steps).points] == [1, 2]


def test_gaps_part_the_stretches():
    line = series([1.0, None, math.nan, 2.0, 3.0, math.inf], [])
    assert list(line.segments()) == [[(1, 1.0)], [(4, 2.0), (5, 3.0)]]
    assert line.gaps == (2, 3, 6)
    assert (line.first, line.last, line.lowest, line.count) == (1.0, None, (1, 1.0), 6)


def test_a_long_series_keeps_its_peaks_and_its_gaps():
    losses = [1.0] * 100_000
    losses[50_000], losses[70_000], losses[80_001] = 99.0, -5.0, None
    line = series(losses, [])
    assert len(line.points) <= 3 * MOST_POINTS
    assert {(50_001, 99.0), (70_001, -5.0), (80_002, None)} <= set(line.points)
    assert line.lowest == (70_001, -5.0)


@given(st.lists(st.none() | st.floats(), max_size=3000))
def test_points_are_finite_in_order_and_few(losses):
    line = series(losses, [])
    steps = [step for step, _ in line.points]
    assert steps == sorted(set(steps))
    assert len(steps) <= 4 * MOST_POINTS
    assert all(math.isfinite(value) for value in line.finite())


def test_the_running_mean_is_centred_and_never_overflows():
    stretch = list(enumerate([0.0, 3.0, 6.0, 9.0]))
    assert smoothed(stretch, 3) == [(0, 1.5), (1, 3.0), (2, 6.0), (3, 7.5)]
    assert smoothed([(1, 1.7e308), (2, 1.7e308)], 3) == [
        (1, pytest.approx(1.7e308)),
        (2, pytest.approx(1.7e308)),
    ]
