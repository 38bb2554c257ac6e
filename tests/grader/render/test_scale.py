"""Axes of any numbers at all."""

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.render.scale import Scale, scale_against, scale_for

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1.0, 3.0], Scale(0.0, 3.0)),
        ([2.0, 3.0], Scale(2.0, 3.0)),
        ([-1.0, 3.0], Scale(-1.0, 3.0)),
        ([0.001, 1.1], Scale(0.001, 1.1, log=True)),
        ([0.0, 1e6], Scale(0.0, 1e6)),
        ([2.0, 2.0], Scale(1.0, 3.0)),
        ([0.0], Scale(-1.0, 1.0)),
        ([], Scale(0.0, 1.0)),
    ],
)
def test_the_axis_of_some_numbers(values, scale):
    assert scale_for(values) == scale


def test_ticks_are_round_numbers():
    assert Scale(0.0, 35.0).ticks() == [0, 10, 20, 30]
    assert Scale(1.68, 2.3).ticks() == pytest.approx([1.8, 2.0, 2.2])
    assert Scale(0.003, 200.0, log=True).ticks() == pytest.approx([0.01, 0.1, 1, 10, 100])
    assert Scale(1e16, 1e16 + 4).ticks() == [1e16, 1e16 + 4]


def test_a_logarithmic_axis_has_its_middle_at_the_geometric_mean():
    assert Scale(0.01, 100.0, log=True).at(1.0) == pytest.approx(0.5)
    assert Scale(0.01, 100.0, log=True).at(-1.0) == 0


@given(st.lists(FINITE, max_size=8), FINITE)
def test_any_numbers_lie_within_their_axis(values, other):
    scale = scale_for(values)
    assert all(0 <= scale.at(value) <= 1 for value in [*values, other])
    check(scale)


@given(FINITE, FINITE)
def test_a_number_and_its_threshold_lie_within_their_axis(value, threshold):
    scale = scale_against(value, threshold)
    assert scale.low <= min(value, threshold) <= max(value, threshold) <= scale.high
    check(scale)


def check(scale):
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 12
    assert ticks == sorted(ticks)
    slack = 1e-9 * max(abs(scale.low), abs(scale.high))
    assert all(math.isfinite(tick) and scale.low - slack <= tick <= scale.high + slack for tick in ticks)


def test_the_largest_numbers_have_an_axis():
    check(scale_for([-sys.float_info.max, sys.float_info.max]))
    assert scale_for([-1e308, 0.0, 1e308]).at(0.0) == 0.5
