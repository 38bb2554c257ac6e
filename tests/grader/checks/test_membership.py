"""The checks of which parameters the optimizers hold."""

import pytest

from grader.checks.membership import changed, optimizer_missing_parameters
from grader.checks.registry import Clear, Found, Unknown
from sandbox import trace
from tests.grader.checks.tape import Tape, counted, facts, optimizer, use


def module(number=0, params=(0, 1, 2)):
    return trace.Module(id=number, cls="Sequential", params=list(params), given=True)


def run(optimizers=((0,),), reach=None, others=(), uses=None):
    """A run of four right steps over three parameters, with optimizers that hold these."""
    tape = Tape(sizes=(4, 3, 3), optimizers=optimizers)
    for _ in range(4):
        tape.clear()
        tape.batch(reach=reach)
        for number in range(len(optimizers)):
            tape.step(number)
    used = [use(number, 4) for number in range(len(optimizers))] if uses is None else uses
    return facts(*counted(tape), module(), *used, *others)


@pytest.mark.parametrize(
    ("optimizers", "reach", "missing"),
    [
        (((0, 1, 2),), None, 0),
        (((0,),), None, 2),
        (((0, 1),), None, 1),
        (((0,), (1, 2)), None, 0),
        (((0,),), (0,), 0),  # the others are frozen
        (((0, 1),), (0, 1), 0),
    ],
)
def test_what_gets_gradients_and_lies_in_no_optimizer_is_missing(optimizers, reach, missing):
    verdict = optimizer_missing_parameters(run(optimizers, reach))
    assert isinstance(verdict, Found) is bool(missing)
    if isinstance(verdict, Found):
        assert verdict.numbers["missing"] == missing
        assert verdict.numbers["with_gradient"] == 3


def test_another_model_s_parameters_are_none_of_this_one_s():
    tape = Tape(sizes=(4, 3), optimizers=((0,),)).right_steps(4)
    two = [module(0, (0,)), module(1, (1,))]
    assert optimizer_missing_parameters(facts(*counted(tape), *two, use(0, 4))) == Clear()


def test_parameters_that_move_by_hand_are_not_missing():
    tape = Tape(sizes=(4, 3, 3), optimizers=((0,),))
    for _ in range(4):
        tape.clear()
        tape.batch()
        tape.step()
        tape.move_by_hand(tape.gradient)
    seen = facts(*counted(tape), module(), use(0, 4))
    assert changed(seen) == {0, 1, 2}
    assert optimizer_missing_parameters(seen) == Clear()


def test_groups_added_later_are_held():
    grown = trace.OptimizerUse(id=0, steps=4, stateful=False, params=[0, 1, 2])
    assert optimizer_missing_parameters(run(uses=[grown])) == Clear()


def test_an_optimizer_that_never_stepped_holds_nothing():
    idle = [optimizer(5, (1, 2)), use(5, 0)]
    assert isinstance(optimizer_missing_parameters(run(others=idle)), Found)


def test_foreign_parameters_are_another_finding():
    assert optimizer_missing_parameters(run(optimizers=((),))) == Clear()


def test_among_too_many_optimizers_nobody_is_accused():
    crowd = [optimizer(number, (0,)) for number in range(10, 34)]
    assert isinstance(optimizer_missing_parameters(run(others=crowd)), Unknown)
