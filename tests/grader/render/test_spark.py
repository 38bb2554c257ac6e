"""The sparkline of any series at all."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.render.spark import BLOCKS, GAP, sparkline


@pytest.mark.parametrize(
    ("values", "width", "line"),
    [
        ([], 10, ""),
        ([1.0], 10, "▄"),
        ([2.0] * 50, 5, "▄▄▄▄▄"),
        ([0, 1, 2, 3, 4, 5, 6, 7], 8, BLOCKS),
        ([0, 1, 2, 3, 4, 5, 6, 7], 4, "▁▃▆█"),
        ([7, 0], 40, "█▁"),
        ([1.0, math.nan, 2.0, math.inf, None, -math.inf], 10, "▁×█×××"),
        ([math.nan, math.nan], 10, "××"),
        ([1e308, -1e308, 1e308], 3, "█▁█"),
        ([1e308] * 10 + [0.0] * 10, 2, "█▁"),
        ([0.0, 5e-324], 2, "▄▄"),
    ],
)
def test_a_series_is_drawn_as(values, width, line):
    assert sparkline(values, width) == line


def test_one_bad_number_marks_its_share_alone():
    assert sparkline([1.0] * 10 + [math.nan] + [1.0] * 29, 4) == "▄×▄▄"


@given(st.lists(st.none() | st.floats(), max_size=50), st.integers(-1, 30))
def test_any_series_fits_its_width(values, width):
    line = sparkline(values, width)
    assert len(line) == min(len(values), max(width, 1))
    assert set(line) <= set(BLOCKS + GAP)
