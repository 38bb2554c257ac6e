"""How far two runs' numbers lie apart."""

import math

import numpy as np
import pytest

from grader.examiner.answers import Answer
from grader.examiner.likeness import Trail, alike, distance, trail_of
from sandbox import trace

NAN = math.nan


def answers(*values):
    return [Answer("f", f"case {number}", value) for number, value in enumerate(values)]


def trail(*shas, last, steps):
    return Trail("a", dict(enumerate(shas, start=1)), last, steps)


def hashes(*pairs):
    return [trace.Hash(step=step, sha256=sha) for step, sha in pairs]


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        (1.0, 1.0, 0.0),
        ((1.0, 2.0), [1.0, 2.0], 0.0),
        (np.array([[1.0, 4.0]]), [(1.0,), 4.0], 0.0),
        ([1.0, 4.0], [1.0, 8.0], 0.5),
        ([2.0, 1e9], [1.0, 1e9], 1e-9),
        ([NAN, math.inf], [NAN, math.inf], 0.0),
        (NAN, 1.0, math.inf),
        (math.inf, -math.inf, math.inf),
        (1e-30, 0.0, math.inf),
        ([1.0], [1.0, 1.0], math.inf),
        (1.0, "one", math.inf),
        ("one", "one", 0.0),
        (True, 1.0, 0.0),
        ({"a": 1.0}, {"b": 1.0}, math.inf),
        (None, None, 0.0),
    ],
)
def test_the_distance_is_relative_to_the_largest_number(one, other, wanted):
    assert distance(answers(one), answers(other)) == pytest.approx(wanted, abs=1e-15)


def test_the_largest_distance_of_all_answers_counts_and_the_cases_must_be_the_same():
    assert distance(answers(1.0, 3.0), answers(1.0, 2.0)) == 0.5
    assert distance(answers(1.0), answers(1.0, 2.0)) == math.inf
    assert distance([], []) == 0.0
    assert alike(answers(1.0 + 1e-12), answers(1.0))
    assert not alike(answers(1.0 + 1e-6), answers(1.0))


def test_a_trail_is_read_from_the_hashes():
    assert trail_of(hashes((0, "a"), (1, "b"), (2, "c"), (3, "d"))) == trail("b", "c", last="d", steps=3)
    assert trail_of(hashes((0, "a"), (1, "b"), (1, "b"))) == trail("b", last="b", steps=1)
    assert trail_of(hashes((0, "a"))) is None
    assert trail_of(hashes((1, "a"), (2, "b"))) is None
    assert trail_of([]) is None


def test_a_run_that_never_moved_is_fitted_by_what_does_not_move_however_often_it_steps():
    still = trail("a", "a", last="a", steps=2)
    assert still.still
    assert not still.counts
    assert still.fits(7, "a")
    assert not still.fits(1, "b")


def test_a_run_that_moved_is_fitted_by_the_same_hashes_after_the_same_steps():
    moved = trail("b", "c", last="d", steps=3)
    assert moved.counts
    assert moved.fits(2, "c")
    assert not moved.fits(2, "b")
    assert not moved.fits(4, "d")


def test_a_run_without_an_optimizers_steps_has_no_hashes_to_fit():
    by_hand = trail(last="d", steps=0)
    assert not by_hand.still
    assert not by_hand.counts
    assert by_hand.fits(5, "anything")
