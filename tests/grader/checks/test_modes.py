"""Modes: training forwards in evaluation mode, evaluation in training mode, and evaluation with a graph."""

import pytest

from grader.checks import modes
from grader.checks.registry import Clear, Found
from tests.grader.checks.tape import a_pass, end
from tests.grader.checks.test_heldout import seen, use

TRAINED = use(0, calls=80, trained=80, mode="t", grad=True)


def test_right_modes_are_clear():
    run = seen(TRAINED, use(1))
    assert modes.train_in_eval_mode(run) == Clear()
    assert modes.eval_in_train_mode(run) == Clear()
    assert modes.eval_builds_graph(run) == Clear()


@pytest.mark.parametrize("mode", ["t", "m"])
def test_held_out_batches_in_training_mode_are_found(mode):
    verdict = modes.eval_in_train_mode(seen(TRAINED, use(1, calls=2, mode=mode), use(1, calls=8)))
    assert isinstance(verdict, Found)
    assert verdict.numbers == {"forwards": 10, "in_training_mode": 2}


@pytest.mark.parametrize("mode", ["e", "f"])
def test_layers_in_evaluation_mode_are_enough_to_evaluate(mode):
    assert modes.eval_in_train_mode(seen(TRAINED, use(1, mode=mode))) == Clear()


def test_a_single_look_at_a_held_out_batch_is_not_flagged():
    assert modes.eval_in_train_mode(seen(TRAINED, use(1, calls=1, mode="t"), use(1, calls=20))) == Clear()


def test_training_data_in_training_mode_without_gradients_are_not_flagged():
    assert modes.eval_in_train_mode(seen(TRAINED, use(0, mode="t"), use(1))) == Clear()


def test_kept_batches_count_where_no_loader_drew_any():
    assert isinstance(modes.eval_in_train_mode(seen(TRAINED, use(-1, mode="t"))), Found)


def test_a_model_without_layers_that_depend_on_the_mode_is_never_flagged():
    run = seen(use(0, trained=8, mode="e", grad=True, layers=()), use(1, mode="t", layers=()))
    assert modes.train_in_eval_mode(run) == Clear()
    assert modes.eval_in_train_mode(run) == Clear()


@pytest.mark.parametrize(("in_evaluation", "found"), [(80, True), (2, True), (1, False), (0, False)])
def test_training_in_evaluation_mode_is_found_from_two_batches_on(in_evaluation, found):
    run = seen(TRAINED, use(0, calls=in_evaluation, trained=in_evaluation, mode="e", grad=True))
    assert isinstance(modes.train_in_eval_mode(run), Found) is found


def test_a_single_batch_is_enough_where_there_was_no_other():
    assert isinstance(modes.train_in_eval_mode(seen(use(0, calls=1, trained=1, mode="e", grad=True))), Found)


@pytest.mark.parametrize("mode", ["m", "f"])
def test_frozen_batch_norm_is_not_flagged(mode):
    assert modes.train_in_eval_mode(seen(use(0, calls=80, trained=80, mode=mode, grad=True))) == Clear()


def test_a_graph_in_evaluation_is_found():
    verdict = modes.eval_builds_graph(seen(TRAINED, use(1, grad=True)))
    assert isinstance(verdict, Found)
    assert verdict.numbers == {"forwards": 8, "with_graph": 8}


def test_adversarial_evaluation_is_not_flagged():
    graph = use(1, grad=True)
    assert modes.eval_builds_graph(seen(TRAINED, graph, end({"a": 8}))) == Clear()
    assert (
        modes.eval_builds_graph(seen(TRAINED, graph, a_pass(loader=1, trained=0, loss_rows=204))) == Clear()
    )
