"""Recorded arrays: rows found by content, gradients noted however they are written, plain results."""

import copy
import pickle

import numpy as np
import pytest

from sandbox.recorded.arrays import Recorded, recorded_arrays
from sandbox.recorded.notes import Notes

ROWS = [3, 0, 4]


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def arrays(notes):
    return recorded_arrays(np.arange(6) + 0.5, np.arange(6) * 2 + 0.25, notes)


@pytest.mark.parametrize(
    "gradient",
    [
        lambda x, y: ((0.5 * x + 1 - y) * x).mean(),
        lambda x, y: x @ (0.5 * x + 1 - y),
        lambda x, y: (2 * (0.5 * x - y)).dot(x),
        lambda x, y: np.dot(0.5 * x - y, x),
        lambda x, y: np.einsum("i,i->", 0.5 * x - y, x),
        lambda x, y: np.vdot(0.5 * x - y, x / len(x)),
        lambda x, y: x[:, None].T @ (0.5 * x[:, None] - y[:, None]),
        lambda x, y: np.column_stack([x, np.ones(3)]).T @ (np.c_[x, np.ones(3)] @ [0.5, 1] - y),
        lambda x, y: np.sum(np.multiply(np.subtract(0.5 * x, y), x)),
    ],
)
def test_a_gradient_is_noted_however_it_is_written(gradient, arrays, notes):
    x, y = (array[ROWS] for array in arrays)
    value = gradient(x, y)
    assert notes.lists["products"] == ROWS
    np.testing.assert_allclose(value, gradient(np.array(x), np.array(y)))


def test_in_place_arithmetic_is_followed(arrays, notes):
    x, y = (array[ROWS] for array in arrays)
    error = 0.5 * x
    error -= y
    error *= x
    assert notes.lists["products"] == ROWS


def test_rows_are_known_through_rearranging(arrays, notes):
    x, y = arrays
    table = np.stack([x, y], axis=1)[[5, 1, 2]]
    xb, yb = table.T
    (xb - yb) @ xb
    assert notes.lists["products"] == [5, 1, 2]
    for part in np.array_split(x, 3):
        assert isinstance(part, Recorded)


def test_x_and_y_of_different_rows_are_counted_as_crossed(arrays, notes):
    x, y = arrays[0][[0, 1]], arrays[1][[1, 0]]
    ((x - y) * x).sum()
    assert (notes.lists["products"], notes.lists["crossed"]) == ([], [2])


def test_evaluation_notes_no_gradient(arrays, notes):
    x, y = arrays
    ((0.5 * x - y) ** 2).mean()
    np.mean(np.square(y - x))
    assert notes.lists["products"] == []


def test_asarray_drops_the_recording(arrays, notes):
    x, y = (np.asarray(array) for array in arrays)
    assert type(np.array(arrays[0])) is np.ndarray
    assert type(x.view(np.ndarray)) is np.ndarray
    assert np.array_equal(arrays[0], x)
    assert np.array_equal(y, arrays[1])


def test_copies_and_pickles_are_arrays_like_any_other(arrays):
    x = arrays[0]
    assert np.array_equal(copy.deepcopy(x), x)
    assert np.array_equal(pickle.loads(pickle.dumps(x)), x)
    assert np.array_equal(np.sort(x)[::-1], x[::-1])
    assert float(x.mean()) == 3.0
    assert x.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]


def test_errors_are_numpy_s_own(arrays):
    with pytest.raises(ValueError, match="broadcast"):
        arrays[0][:2] + arrays[0][:3]
    with pytest.raises(IndexError):
        arrays[0][99]
