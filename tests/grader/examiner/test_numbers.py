"""Which programs bring numbers of their own, that might be a solution worked out elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from grader.examiner.numbers import brings_numbers

LOSS = ["L", 0]
PLAIN: list[Any] = [
    ["I", 0],
    ["D", 0, 0],
    ["Z", 0, True],
    ["F", 0, "t", [["b", 0, 0, [3, [7, 2], [11, 1]]]]],
    ["L", "mse_loss", [["f", 0, 0, None], ["b", 0, 1, None]], {"reduction": "mean"}],
    ["B", LOSS, "none", False],
    ["S", 0],
]


def clip(limit: float, kind: float = 2.0) -> list[Any]:
    return ["C", "clip_grad_norm_", limit, kind]


def divided(*numbers: float) -> list[Any]:
    expression: Any = LOSS
    for number in numbers:
        expression = ["/", expression, number]
    return ["B", ["+", [expression]], "kept", False]


@pytest.mark.parametrize(
    "ops",
    [
        [],
        PLAIN,
        [*PLAIN, clip(0.7), clip(0.7)],
        [*PLAIN, clip(0.7, float("inf"))],
        [*PLAIN, divided(4), divided(4)],
        [["M", 1, ["d", 0], 16, True, False, 0]],
        [["S", 0, PLAIN]],
        [["L", "cross_entropy", [], {"ignore_index": -100, "label_smoothing": 0.0}], clip(0.7)],
        [["T", 0], ["U", 0, 0], ["X", 0, LOSS]],
    ],
)
def test_one_number_for_all_steps_is_none_of_its_own(ops: list[Any]) -> None:
    assert not brings_numbers([ops, PLAIN])


@pytest.mark.parametrize(
    "ops",
    [
        [clip(0.7), clip(0.8)],
        [clip(0.7, 3.0)],
        [divided(4, 5)],
        [divided(4), ["B", ["-", ["*", LOSS, 3]], "none", False]],
        [["X", 0, ["*", ["/", LOSS, 9], 7]]],
        [["L", "huber_loss", [], {"delta": 0.1}], ["L", "huber_loss", [], {"delta": 0.2}]],
        [["S", 0, [divided(4), divided(5)]]],
        [["R", 0, [[0, "lr"]]]],
        [["O", "SGD", [[[0], {"lr": 0.1}]]]],
        [["G", 0, True, {"init_scale": 4.0}]],
        [["T", 0, 2.5]],
        [["B", LOSS, "none", False, ["v", 0, 0, None]]],
        [["M", 1, ["t", [["v", 0, 0, None]]], 16, True, False, 0]],
        [["=", "torch.ones", [2], {"m": {}}, 1]],
        [["~", "torch.ones", [2], {"m": {}}, 1]],
        [["A", LOSS, [["p", 0, 0, None]]]],
        [["S", 0, [["S", 0, [["R", 0, []]]]]]],
    ],
)
def test_two_numbers_or_operations_that_may_hold_any_are(ops: list[Any]) -> None:
    assert brings_numbers([PLAIN, ops])


def test_numbers_of_different_scripts_count_together() -> None:
    assert brings_numbers([[clip(0.7)], [clip(0.8)]])


@pytest.mark.parametrize(
    "ops", [[3], ["C"], [[]], [["C"]], [["M"]], [["B"]], [["X"]], [["L", 1, 2, 3]], None, 5]
)
def test_what_is_no_operation_is_left_to_the_machine(ops: Any) -> None:
    assert brings_numbers([ops]) is (ops == [["M"]])


def optimizer(*rates: float) -> list[object]:
    """An optimizer that a file makes, with a group for each rate."""
    return ["O", "SGD", [[[number], {"lr": rate}] for number, rate in enumerate(rates)]]


def test_one_optimizer_s_settings_lead_few_parameters_somewhere_and_many_nowhere() -> None:
    assert brings_numbers([[optimizer(0.1)]])
    assert not brings_numbers([[optimizer(0.1)]], many=True)
    assert not brings_numbers([[optimizer(0.1, 0.1)]], many=True)
    assert brings_numbers([[optimizer(0.1, 0.2)]], many=True)
    assert brings_numbers([[optimizer(0.1)], [optimizer(0.2)]], many=True)


def test_loaders_over_the_exercise_s_own_data_bring_none() -> None:
    for source in (["x", "train", []], ["u", ["x", "train", []], ["range", 0, 10]]):
        assert not brings_numbers([[["M", 0, source, 64, True, False, -1]]], many=True)


def test_the_limit_and_the_count_that_an_exercise_gives_are_none_of_its_own() -> None:
    """A choice among several given ones, step by step, is: it could lead anywhere."""
    assert brings_numbers([[divided(3), clip(1.0)]])
    assert not brings_numbers([[divided(3), clip(1.0)]], given=(3, 1.0))
    assert not brings_numbers([[divided(3), clip(0.7)]], given=(3, 1.0))
    assert brings_numbers([[divided(4), clip(0.7)]], given=(3, 1.0))
    assert brings_numbers([[divided(3)], [divided(5)]], given=(3, 5))
    assert brings_numbers([[clip(1.0)], [clip(3.0)]], given=(3, 1.0))


def test_rates_that_the_exercise_gives_are_none_of_its_own() -> None:
    assert brings_numbers([[["R", 0, [[0, "lr"]]]]])
    assert not brings_numbers([[["R", 0, [[0, "lr"]]]]], rates_given=True)
