"""The check of updates by hand, on hand-made records with real numbers."""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks.registry import Clear, Facts, Found
from grader.checks.updates import wrong_update
from grader.exercise import load_exercise
from grader.models import Evidence
from sandbox import trace
from tests.grader.checks.tape import SOURCE, Tape, end, optimizer, use

SGD = load_exercise("sgd-from-scratch")
RATE = 0.1


def verdict(change, steps=6, records=()):
    """The verdict on a loop by hand whose updates add `change(gradient, values)`."""
    tape = Tape(optimizers=())
    for _ in range(steps):
        tape.clear(said=False)
        tape.draw()
        tape.forward(rows=16)
        tape.loss()
        tape.backward()
        tape.values = tape.values + np.asarray(change(tape.gradient, tape.values), dtype=np.float32)
    tape.forward()
    tape.new_window()
    evidence = Evidence(
        records=(*tape.records, *records, end({"B": steps, "F": steps})), source=SOURCE, parameters={}
    )
    return wrong_update(Facts(evidence, SGD))


def test_minus_the_rate_times_the_gradient_is_clear():
    assert isinstance(verdict(lambda g, p: -RATE * g), Clear)


def test_another_rate_is_no_matter_of_the_rule():
    assert isinstance(verdict(lambda g, p: -0.037 * g), Clear)


def test_uphill_is_found():
    found = verdict(lambda g, p: RATE * g)
    assert isinstance(found, Found)
    assert "uphill" in found.evidence


@pytest.mark.parametrize(
    ("factor", "words"), [(2, "twice"), (1 / 16, "divided by the 16 rows"), (16, "multiplied")]
)
def test_a_factor_that_is_a_slip_is_named(factor, words):
    found = verdict(lambda g, p: -RATE * factor * g)
    assert isinstance(found, Found)
    assert words in found.evidence


def test_no_multiple_of_the_gradient_is_found():
    assert isinstance(verdict(lambda g, p: -RATE * np.sign(g)), Found)
    assert isinstance(verdict(lambda g, p: -RATE * g - 0.01 * p), Found)


def test_parameters_that_stay_are_found():
    found = verdict(lambda g, p: np.concatenate([-RATE * g[:4], np.zeros(3)]))
    assert isinstance(found, Found)
    assert found.numbers == {"not_moved": 1}


def test_an_optimizer_of_torch_is_found_and_one_s_own_is_not():
    ready = (optimizer(5, cls="SGD", given=False, line=2, lr=0.1, maximize=0.0), use(5))
    own = (optimizer(5, cls="SGD", given=False, line=2, lr=0.1), use(5))
    assert isinstance(verdict(lambda g, p: -RATE * g, records=ready), Found)
    assert isinstance(verdict(lambda g, p: -RATE * g, records=own), Clear)


def test_an_exercise_that_asks_for_no_rule_is_clear():
    evidence = Evidence(records=(trace.Progress(steps=0, counts={}, line=0),), source=SOURCE, parameters={})
    assert isinstance(wrong_update(Facts(evidence, load_exercise("linreg-torch"))), Clear)
