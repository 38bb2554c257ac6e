"""Checks of targets, shapes, graphs and where a loss goes, on hand-made records."""

from __future__ import annotations

import pytest

from grader.checks import objectives
from grader.checks.registry import Clear, Facts, Found
from grader.exercise import load_exercise
from grader.models import Evidence, Measurement
from sandbox import trace
from tests.grader.checks.tape import SOURCE, end

CIRCLES = load_exercise("circles")


def facts(*records, good=False):
    measured = Measurement(
        metric="accuracy",
        value=0.99 if good else 0.5,
        threshold=0.9,
        better="higher",
        samples=100,
        basis="observed",
    )
    evidence = Evidence(records=records, source=SOURCE, parameters={}, measurement=measured)
    return Facts(evidence, CIRCLES)


def call(name="cross_entropy", calls=40, **more):
    fields = {
        "line": 4,
        "reduction": "mean",
        "sampled": 20,
        "probabilities": 0,
        "input_shape": [16, 1],
        "target_shape": [16, 1],
        "row_sum": None,
    }
    return trace.LossCall(name=name, calls=calls, **{**fields, **more})


def targets(**more):
    fields = {"samples": 320, "labels": 2, "targets": 2, "agreement": 1.0, "permuted": 0, "counting": 0}
    return trace.Targets(name="cross_entropy", line=4, calls=20, **{**fields, **more})


def losses(first, last, count=200):
    return trace.Losses(
        count=count,
        first=first,
        last=last,
        thinned=[],
        non_finite_at=-1,
        non_finite_line=0,
        non_finite_value=None,
        line=5,
    )


def row(beat, value, text=""):
    return trace.Row(window=0, beat=beat, step=0, line=4, value=value, text=text, flags="m")


def test_rows_that_are_no_log_probabilities_are_found():
    found = objectives.logits_into_nll(facts(call("nll_loss", unnormalised=20, logsumexp=3.5)))
    assert isinstance(found, Found)
    assert found.numbers == {"calls": 20, "logsumexp": 3.5}


@pytest.mark.parametrize(
    "normal", [call("nll_loss"), call("cross_entropy"), call("nll_loss", unnormalised=3)]
)
def test_log_probabilities_are_clear(normal):
    assert isinstance(objectives.logits_into_nll(facts(normal)), Clear)


@pytest.mark.parametrize("shapes", [([16, 1], [16]), ([16], [16, 1])])
def test_a_column_against_a_row_is_found(shapes):
    one, two = shapes
    found = objectives.loss_shape_broadcast(facts(call("mse_loss", input_shape=one, target_shape=two)))
    assert isinstance(found, Found)
    assert found.numbers == {"elements": 256, "predictions": 16}


@pytest.mark.parametrize("shapes", [([16, 1], [16, 1]), ([16, 3], [3]), ([16], [1]), ([16, 1], [])])
def test_shapes_that_do_not_grow_are_clear(shapes):
    one, two = shapes
    assert isinstance(
        objectives.loss_shape_broadcast(facts(call("mse_loss", input_shape=one, target_shape=two))), Clear
    )


def test_a_widened_difference_counts_only_where_the_result_is_bad():
    wide = trace.Widened(line=5, operand=[16, 1], result=[16, 16])
    assert isinstance(objectives.loss_shape_broadcast(facts(wide)), Found)
    assert isinstance(objectives.loss_shape_broadcast(facts(wide, good=True)), Clear)


def backward_of(name, value=0.5, times=4):
    return [item for _ in range(times) for item in (row("L", value, name), row("B", value))]


def test_another_loss_is_found_where_it_went_backward_itself():
    records = [call("mse_loss"), *backward_of("mse_loss"), end({"B": 40, "S": 40})]
    found = objectives.wrong_loss(facts(*records))
    assert isinstance(found, Found)
    assert found.numbers["loss"] == "mse_loss"


def test_the_loss_asked_for_and_its_other_forms_are_clear():
    for name in ("cross_entropy", "nll_loss"):
        assert isinstance(objectives.wrong_loss(facts(call(name), end({"B": 40, "S": 40}))), Clear)


def test_a_penalty_beside_a_loss_written_by_hand_is_clear():
    rows = [item for _ in range(4) for item in (row("L", 0.01, "mse_loss"), row("B", 0.71))]
    assert isinstance(objectives.wrong_loss(facts(call("mse_loss"), *rows, end({"B": 40, "S": 40}))), Clear)


@pytest.mark.parametrize(
    "item", [targets(targets=1, agreement=1.0), targets(agreement=0.53), targets(permuted=18, agreement=-1.0)]
)
def test_targets_unrelated_to_the_labels_are_found(item):
    assert isinstance(objectives.loss_ignores_labels(facts(item)), Found)


@pytest.mark.parametrize(
    "items",
    [
        [targets()],
        [targets(agreement=0.9)],
        [targets(agreement=-1.0, labels=300, targets=300)],
        [targets(agreement=0.1, targets=16, counting=20)],
        [targets(agreement=0.5, samples=8)],
        [targets(targets=1), targets()],
        [],
    ],
)
def test_labels_that_count_or_cannot_be_compared_are_clear(items):
    assert isinstance(objectives.loss_ignores_labels(facts(*items)), Clear)


def reach(without, trainable=4):
    return trace.Reach(module=0, trainable=trainable, without=without, names=[f"{n}.weight" for n in without])


def test_parameters_that_no_gradient_reached_are_found():
    found = objectives.broken_graph(facts(reach([0, 1]), *_fed(), end({"F": 40, "B": 40, "S": 40})))
    assert isinstance(found, Found)
    assert found.numbers == {"without_gradient": 2, "parameters": 4}


def _fed():
    use = trace.ForwardUse(
        module=0, loader=0, grad=True, mode="t", layers=[], calls=40, trained=40, line=3, at_step=0
    )
    return [use]


def test_a_whole_graph_no_backward_and_functional_gradients_are_clear():
    counted = end({"F": 40, "B": 40, "S": 40})
    assert isinstance(objectives.broken_graph(facts(reach([]), *_fed(), counted)), Clear)
    assert isinstance(objectives.broken_graph(facts(reach([0]), *_fed(), end({"F": 40}))), Clear)
    assert isinstance(objectives.broken_graph(facts(reach([0]), *_fed(), end({"a": 40, "B": 1}))), Clear)
    assert isinstance(objectives.broken_graph(facts(reach([0, 1, 2, 3]), counted)), Clear)


def test_a_loss_that_ends_far_above_its_start_is_found():
    assert isinstance(objectives.diverging_loss(facts(losses([2.0] * 8, [900.0] * 8))), Found)
    assert isinstance(objectives.diverging_loss(facts(losses([-2.0] * 8, [-900.0] * 8))), Found)


@pytest.mark.parametrize(
    ("first", "last", "good"),
    [([2.0] * 8, [3.0] * 8, False), ([0.0] * 8, [1e-5] * 8, False), ([2.0] * 8, [90.0] * 8, True)],
)
def test_other_losses_do_not_diverge(first, last, good):
    assert isinstance(objectives.diverging_loss(facts(losses(first, last), good=good)), Clear)


def moved(*records):
    return facts(*records, end({"B": 200, "S": 200}, moved=True))


def test_a_loss_that_stays_where_it_was_is_found():
    found = objectives.stalled_loss(moved(losses([0.7] * 8, [0.699] * 8)))
    assert isinstance(found, Found)
    assert found.numbers["backwards"] == 200


def test_a_loss_that_moved_or_had_no_time_is_clear():
    assert isinstance(objectives.stalled_loss(moved(losses([0.7] * 8, [0.6] * 8))), Clear)
    assert isinstance(objectives.stalled_loss(moved(losses([0.7] * 8, [0.7] * 8, count=20))), Clear)
