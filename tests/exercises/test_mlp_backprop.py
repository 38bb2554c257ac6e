"""A network as matrices: the challenges, and what the judge says of each function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.examiner.answers import Answer, Answers
from grader.examiner.descent import slices
from grader.examiner.perceptron import AVERAGE_SLIPS, FORWARD_SLIPS, GRADIENT_SLIPS, backward, forward, train
from grader.exercise import load_exercise
from grader.models import Judged
from tests.exercises.torch_exercise import load, seeds

EXERCISE = load_exercise("mlp-backprop")
TASK, MODEL = load(EXERCISE.folder / "task.py"), load(EXERCISE.folder / "model.py")
TRAINING, HIDDEN, PARAMETERS = TASK.draw(seeds(1), None)
ARRAYS = TASK._load(TRAINING["cases.npz"])
X, Y = ARRAYS["x"], ARRAYS["y"]
ORDERS = [np.random.default_rng(epoch).permutation(len(X)) for epoch in range(PARAMETERS["epochs"])]


def judged(*given: Answer) -> list[Judged]:
    items: list[Judged] = TASK.judge(Answers(list(given)), TRAINING, HIDDEN, PARAMETERS).items
    return items


def case(name: str) -> tuple[Any, Any, Any]:
    params = TASK._params(ARRAYS, name)
    return params, [ARRAYS[f"{name}.A{k}"] for k in range(len(params) + 1)], ARRAYS[f"{name}.y"]


def trained(batches: list[Any], slip: str = "", orders: Any = ORDERS) -> list[Judged]:
    final = train(TASK._params(ARRAYS, "train"), X, Y, batches, PARAMETERS["lr"], slip)
    notes = {"orders": [int(index) for order in orders for index in order], "draws": []}
    return judged(Answer("train", "train", final, notes=notes))


def test_drawing_is_the_same_for_the_same_seeds_alone() -> None:
    assert TASK.draw(seeds(1), None) == (TRAINING, HIDDEN, PARAMETERS)
    assert TASK.draw(seeds(2), None)[0] != TRAINING
    assert len(X) % PARAMETERS["batch_size"]


def test_the_gradients_are_those_of_finite_differences() -> None:
    params, activations, y = case("b")

    def loss() -> float:
        return -float(np.log(forward(params, activations[0])[-1][np.arange(len(y)), y]).mean())

    grads = backward(params, activations, y)
    for (weight, bias), (dw, db) in zip(params, grads, strict=True):
        for values, slope in ((weight, dw), (bias, db)):
            values.flat[0] += 1e-6
            above = loss()
            values.flat[0] -= 2e-6
            below = loss()
            values.flat[0] += 1e-6
            assert (above - below) / 2e-6 == pytest.approx(slope.flat[0], rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("name", ["a", "b"])
def test_right_functions_are_clear(name: str) -> None:
    params, activations, y = case(name)
    assert (
        judged(
            Answer("forward", name, activations), Answer("backward", name, backward(params, activations, y))
        )
        == []
    )


@pytest.mark.parametrize("slip", FORWARD_SLIPS)
def test_a_slip_of_forward_is_named(slip: str) -> None:
    params, activations, _ = case("b")
    (item,) = judged(Answer("forward", "b", forward(params, activations[0], slip)))
    assert (item.slug, item.function) == ("wrong-value", "forward")
    assert FORWARD_SLIPS[slip] in item.evidence


@pytest.mark.parametrize("slip", [*AVERAGE_SLIPS, *GRADIENT_SLIPS])
def test_a_slip_of_backward_is_named(slip: str) -> None:
    params, activations, y = case("b")
    (item,) = judged(Answer("backward", "b", backward(params, activations, y, slip)))
    assert item.slug == ("wrong-average" if slip in AVERAGE_SLIPS else "wrong-gradient")
    assert {**AVERAGE_SLIPS, **GRADIENT_SLIPS}[slip] in item.evidence


@pytest.mark.parametrize("function", ["init", "forward", "backward", "train"])
@pytest.mark.parametrize("value", [None, "text", 3.5, [], [1, 2], np.zeros((2, 2)), [[None, None]], {"a": 1}])
def test_any_other_value_is_a_wrong_shape_and_no_crash(function: str, value: Any) -> None:
    name = {"init": "first", "train": "train"}.get(function, "a")
    assert [item.slug for item in judged(Answer(function, name, value))] == ["wrong-shape"]


def test_a_right_training_is_clear_and_measured() -> None:
    assert trained([batch for order in ORDERS for batch in slices(order)]) == []
    start = TASK._params(ARRAYS, "train")
    final = train(start, X, Y, [b for order in ORDERS for b in slices(order)], PARAMETERS["lr"])
    judgement = TASK.judge(Answers([Answer("train", "train", final)]), TRAINING, HIDDEN, PARAMETERS)
    assert judgement.metrics["accuracy"] > 0.93
    assert judgement.samples == 2_000


@pytest.mark.parametrize(
    ("slip", "slug"),
    [("sum", "wrong-average"), ("tail", "wrong-average"), ("half", "wrong-update"), ("bias", "wrong-update")],
)
def test_a_slip_of_the_training_is_found(slip: str, slug: str) -> None:
    found = trained([batch for order in ORDERS for batch in slices(order)], slip)
    assert [item.slug for item in found] == [slug]


def test_one_order_for_all_epochs_and_rows_left_out_are_found() -> None:
    plain = slices(np.arange(len(X))) * len(ORDERS)
    assert [item.slug for item in trained(plain, orders=[])] == ["not-shuffled"]
    full = [batch for order in ORDERS for batch in slices(order) if len(batch) == 16]
    assert [item.slug for item in trained(full)] == ["partial-epoch"]


def test_an_order_that_was_not_recorded_is_not_held_against_anyone() -> None:
    (item,) = trained([batch for order in ORDERS for batch in slices(order)], orders=ORDERS[:3])
    assert item.status == "unknown"


@pytest.mark.parametrize("number", range(30))
def test_a_right_training_passes_with_a_margin(number: int) -> None:
    assert EXERCISE.hidden is not None
    training, hidden, parameters = TASK.draw(seeds(number), None)
    arrays, points = TASK._load(training["cases.npz"]), TASK._load(hidden["points.npz"])
    random, start = np.random.default_rng(number), TASK._params(arrays, "train")
    orders = [random.permutation(len(arrays["x"])) for _ in range(parameters["epochs"])]
    batches = [batch for order in orders for batch in slices(order)]

    def accuracy(params: Any) -> float:
        return float((forward(params, points["x"])[-1].argmax(axis=1) == points["y"]).mean())

    assert accuracy(start) < EXERCISE.hidden.threshold - 0.05
    assert (
        accuracy(train(start, arrays["x"], arrays["y"], batches, parameters["lr"]))
        > EXERCISE.hidden.threshold + 0.03
    )


def test_the_generator_notes_every_order_once_and_draws_what_numpy_draws() -> None:
    recording, plain = MODEL.RecordingGenerator(5, 12), np.random.Generator(np.random.PCG64(5))
    table = np.arange(24).reshape(12, 2)
    assert np.array_equal(recording.permutation(12), plain.permutation(12))
    assert np.array_equal(recording.permutation(table), plain.permutation(table))
    one, two = table.copy(), table.copy()
    recording.shuffle(one)
    plain.shuffle(two)
    assert np.array_equal(one, two)
    orders = np.array(recording.notes["orders"]).reshape(3, 12)
    assert np.array_equal(table[orders[2]], one)
    assert all(np.array_equal(np.sort(order), np.arange(12)) for order in orders)
