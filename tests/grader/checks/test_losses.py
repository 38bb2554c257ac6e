"""The checks of the loss, the graph and the measured result: each at its border."""

import math

import pytest

from grader.checks import losses
from grader.checks.registry import Clear, Found, Unknown
from grader.models import Measurement
from sandbox import trace
from tests.grader.checks.tape import Tape, counted, end, facts


def found(check, *records, **how):
    return isinstance(check(facts(*records, **how)), Found)


def call(**more):
    fields = {
        "name": "cross_entropy",
        "line": 4,
        "reduction": "mean",
        "calls": 90,
        "sampled": 10,
        "probabilities": 10,
        "input_shape": [64, 10],
        "target_shape": [64],
        "row_sum": 1.0,
    }
    return trace.LossCall(**{**fields, **more})


@pytest.mark.parametrize(
    ("changes", "guilty"),
    [
        ({}, True),
        ({"row_sum": None}, True),
        ({"sampled": 3, "probabilities": 3}, True),
        ({"sampled": 2, "probabilities": 2}, False),
        ({"probabilities": 9}, False),  # one row that did not sum to one: logits after all
        ({"name": "nll_loss"}, False),
    ],
)
def test_a_softmax_is_found_when_every_sampled_call_shows_one(changes, guilty):
    assert found(losses.softmax_before_cross_entropy, call(**changes)) is guilty


@pytest.mark.parametrize(
    ("changes", "guilty"),
    [
        ({}, True),
        ({"name": "binary_cross_entropy_with_logits"}, True),
        ({"name": "binary_cross_entropy"}, False),  # wants what a sigmoid gives
        ({"squashed": 9}, False),
        ({"sampled": 2, "squashed": 2}, False),
    ],
)
def test_a_sigmoid_is_found_where_logits_are_expected(changes, guilty):
    squashed = call(**{"probabilities": 0, "row_sum": 2.1, "squashed": 10, **changes})
    assert found(losses.softmax_before_cross_entropy, squashed) is guilty


def test_a_right_call_beside_a_wrong_one_does_not_hide_it():
    verdict = losses.softmax_before_cross_entropy(facts(call(probabilities=0, line=2), call(line=4)))
    assert verdict.lines == (4,)


@pytest.mark.parametrize(("graphs", "guilty"), [(3, True), (2, False), (0, False)])
def test_scores_squashed_before_a_loss_by_hand_are_found_by_its_graphs(graphs, guilty):
    seen = [trace.Squashed(line=5, by="sigmoid")] * graphs
    assert found(losses.softmax_before_cross_entropy, call(probabilities=0), *seen) is guilty


def series(**more):
    fields = {
        "count": 3,
        "first": [2.0, 1.5, 1.0],
        "last": [2.0, 1.5, 1.0],
        "thinned": [],
        "non_finite_at": -1,
        "non_finite_line": 0,
        "non_finite_value": None,
        "line": 5,
    }
    return trace.Losses(**{**fields, **more})


def test_a_finite_loss_is_clear_and_so_is_none():
    assert losses.non_finite_loss(facts(series())) == Clear()
    assert losses.non_finite_loss(facts()) == Clear()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_first_loss_that_is_no_number_is_told_with_the_one_before(value):
    bad = series(first=[2.0, 1.5, value], non_finite_at=2, non_finite_line=6, non_finite_value=value)
    verdict = losses.non_finite_loss(facts(bad))
    assert verdict.lines == (6,)
    assert verdict.numbers == {"first_bad_step": 3, "value": str(value)}
    assert "The one before it was 1.5." in verdict.evidence


def test_a_bad_loss_at_the_very_first_step_or_far_along_names_no_neighbour():
    first = series(first=[math.nan], non_finite_at=0, non_finite_value=math.nan)
    assert "before" not in losses.non_finite_loss(facts(first)).evidence
    late = series(count=900, non_finite_at=500, non_finite_value=math.inf)
    assert "before" not in losses.non_finite_loss(facts(late)).evidence


def live(alive, step=30):
    return trace.Live(step=step, line=3, attached=24, alive=alive)


@pytest.mark.parametrize(("alive", "guilty"), [(6, False), (7, True), (24, True)])
def test_graphs_that_stay_alive_count_from_seven(alive, guilty):
    assert found(losses.graph_leak, live(1), live(alive), *counted(Tape().right_steps(4))) is guilty


@pytest.mark.parametrize(("alive", "guilty"), [(10, False), (11, True)])
def test_a_window_of_micro_batches_may_keep_its_graphs(alive, guilty):
    tape = Tape()
    for _ in range(3):
        tape.clear()
        for _ in range(4):
            tape.batch(scale=0.25)
        tape.step()
    assert found(losses.graph_leak, live(alive), *counted(tape)) is guilty


def test_a_leak_names_the_forward_and_the_loss():
    verdict = losses.graph_leak(facts(live(20), call(line=4)))
    assert verdict.lines == (3, 4)
    assert verdict.numbers == {"graphs_alive": 20, "step": 31}


def test_where_no_graph_was_seen_nobody_is_accused():
    assert losses.graph_leak(facts()) == Clear()


@pytest.mark.parametrize(
    ("steps", "backwards", "noted"),
    [(8, 8, True), (7, 7, False), (8, 10, True), (7, 10, False), (0, 10, False)],
)
def test_item_in_most_steps_is_noted(steps, backwards, noted):
    sync = trace.Sync(calls=steps * 2, steps=steps, line=8)
    assert found(losses.sync_every_step, sync, end({"B": backwards})) is noted
    assert not found(losses.sync_every_step, end({"B": backwards}))


def measurement(value, better="higher", reason=""):
    return Measurement(
        metric="accuracy",
        value=value,
        threshold=0.9,
        better=better,
        samples=5000,
        basis="verified",
        reason=reason,
    )


def test_the_threshold_itself_is_enough():
    check = losses.accuracy_below_threshold
    assert check(facts(measurement=measurement(0.9))) == Clear()
    assert check(facts(measurement=measurement(0.9, "lower"))) == Clear()
    low = check(facts(measurement=measurement(0.8998)))
    assert low.numbers == {"accuracy": 0.8998, "threshold": 0.9}
    assert low.evidence.endswith("accuracy is 0.8998; at least 0.9 was asked for.")
    high = check(facts(measurement=measurement(0.9002, "lower")))
    assert high.evidence.endswith("accuracy is 0.9002; at most 0.9 was asked for.")


def test_what_could_not_be_measured_is_a_question_with_its_reason():
    verdict = losses.accuracy_below_threshold(facts(measurement=measurement(None, reason="no model")))
    assert verdict == Unknown("no model")
    assert isinstance(losses.accuracy_below_threshold(facts()), Unknown)


def test_weights_that_are_no_numbers_fail_the_hidden_test():
    verdict = losses.accuracy_below_threshold(facts(measurement=measurement(math.nan)))
    assert isinstance(verdict, Found)
    assert verdict.numbers == {"threshold": 0.9}
