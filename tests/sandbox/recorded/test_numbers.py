"""Recorded numbers: which products are noted, what stays a point's, and hostile or odd operands."""

import struct
from fractions import Fraction

import numpy as np
import pytest

from sandbox.recorded import notes as bounds
from sandbox.recorded.notes import Notes
from sandbox.recorded.numbers import Number, recorded_points


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def points(notes):
    return recorded_points([1.5, 2.5, -0.5], [3.0, 4.0, 5.0], notes)


@pytest.mark.parametrize(
    "gradient",
    [
        lambda w, b, x, y: (w * x + b - y) * x,
        lambda w, b, x, y: 2 * x * (w * x + b - y),
        lambda w, b, x, y: -2 * (y - (b + x * w)) * x / 3,
        lambda w, b, x, y: x / 3 * (2 * (w * x + b - y)),
        lambda w, b, x, y: w * x * x + b * x - x * y,
        lambda w, b, x, y: np.float64(2) * (np.float64(w) * x + b - y) * x,
    ],
)
def test_an_error_times_its_x_is_noted_once_and_gives_a_plain_float(gradient, points, notes):
    values = [gradient(0.7, 0.1, x, y) for x, y in points]
    assert notes.lists["products"] == [0, 1, 2]
    assert notes.lists["crossed"] == [0]
    assert values == [gradient(0.7, 0.1, float(x), float(y)) for x, y in points]


def test_evaluation_notes_no_gradient(points, notes):
    sum((0.7 * x + 0.1 - y) ** 2 for x, y in points)
    sum((y - 0.7 * x) * (y - 0.7 * x) for x, y in points)
    assert notes.lists["products"] == []
    assert notes.lists["residuals"] == [0, 1, 2, 0, 0, 1, 1, 2, 2]


def test_an_x_that_meets_another_point_s_error_is_counted(points, notes):
    (x, _), (_, other) = points[:2]
    assert (0.5 * x - other) * x == (0.5 * float(x) - float(other)) * float(x)
    assert (notes.lists["products"], notes.lists["crossed"]) == ([], [1])


def test_weights_never_belong_to_a_point(points, notes):
    w = b = 0.0
    for x, y in points:
        error = w * x + b - y
        w -= 0.1 * error * x
        b -= 0.1 * error
    assert type(w) is float
    assert notes.lists["products"] == [0, 1, 2]


def test_the_first_number_that_meets_an_x_is_kept_in_full(points, notes):
    for w in (0.1, 0.9):
        w * points[0][0]
    assert struct.unpack("d", struct.pack("q", *notes.lists["first"])) == (0.1,)


@pytest.mark.parametrize(
    "other", [2, True, 2.5, np.float32(2), np.int64(3), Fraction(1, 3), 1j, np.float64(2)]
)
def test_other_numbers_meet_it_as_they_meet_a_float(other, points):
    number = points[0][0]
    assert number + other == float(number) + other
    assert other - number == other - float(number)
    assert number * other == other * number == other * float(number)
    assert other / number == other / float(number)
    assert (number == other) == (float(number) == other)


def test_arrays_and_lists_take_it_as_a_float(points):
    assert np.array(points).dtype == np.float64
    assert (np.ones(2) * points[0][0]).tolist() == [1.5, 1.5]
    assert not isinstance(float(points[0][0]), Number)
    assert np.float32(1) < points[0][0]


def test_texts_and_none_are_refused_as_by_a_float(points):
    for other in ("a", None, []):
        with pytest.raises(TypeError):
            points[0][0] + other


def test_notes_are_bounded(points, notes, monkeypatch):
    monkeypatch.setattr(bounds, "MOST", 5)
    for _ in range(4):
        for x, y in points:
            (x - y) * x
    assert notes.lists["products"] == [0, 1, 2, 0, 1]
    assert notes.lists["missed"][0] > 0
