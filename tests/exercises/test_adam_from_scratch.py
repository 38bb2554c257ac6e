"""Adam from scratch: the challenges, and what the judge says of right and wrong updates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from grader.examiner.answers import Answer, Answers, Judgement
from grader.exercise import load_exercise
from tests.exercises.torch_exercise import load, seeds

EXERCISE = load_exercise("adam-from-scratch")
TASK = load(EXERCISE.folder / "task.py")
TRAINING, HIDDEN, PARAMETERS = TASK.draw(seeds(1), None)
ARRAYS = TASK._load(TRAINING["cases.npz"])


def answers(slip: str = "", ways: tuple[str, ...] = (), left: float = 0.0) -> Answers:
    """What a class would give that makes this slip in every case."""
    found = []
    for case in TASK.SHAPES:
        for step, values in enumerate(TASK.adam(*TASK._case(ARRAYS, case), slip, ways)):
            found.append(Answer("Adam", f"{case}/{step}", values))
            found.append(Answer("Adam", f"{case}/zero_grad/{step}", [left] * len(values)))
        found.append(Answer("Adam", f"{case}/{step}", values))
    return Answers(found)


def judged(given: Answers) -> Judgement:
    judgement: Judgement = TASK.judge(given, TRAINING, HIDDEN, PARAMETERS)
    return judgement


def test_drawing_is_the_same_for_the_same_seeds_alone() -> None:
    assert TASK.draw(seeds(1), None) == (TRAINING, HIDDEN, PARAMETERS)
    assert TASK.draw(seeds(2), None)[0] != TRAINING


def test_the_reference_is_torch_s_adam() -> None:
    params, gradients, numbers = TASK._case(ARRAYS, "sparse")
    tensors = [torch.tensor(part, requires_grad=True) for part in params]
    adam = torch.optim.Adam(tensors, lr=numbers[0], betas=(numbers[1], numbers[2]), eps=numbers[3])
    for step, expected in zip(gradients, TASK.adam(params, gradients, numbers), strict=True):
        for tensor, gradient in zip(tensors, step, strict=True):
            tensor.grad = None if np.isnan(gradient).any() else torch.tensor(gradient)
        adam.step()
        for tensor, right in zip(tensors, expected, strict=True):
            np.testing.assert_allclose(tensor.detach().numpy(), right, rtol=1e-10)


@pytest.mark.parametrize("ways", [(), ("shared",), ("rate",), ("shared", "rate")])
def test_every_right_form_is_clear(ways: tuple[str, ...]) -> None:
    assert judged(answers(ways=ways)).items == []


@pytest.mark.parametrize("slip", TASK.RULE_SLIPS)
def test_a_slip_of_the_rule_is_found_by_name(slip: str) -> None:
    (item,) = judged(answers(slip)).items
    assert (item.slug, item.status, item.function) == ("wrong-update", "found", "step")
    assert slip == "decay" or TASK.RULE_SLIPS[slip] in item.evidence


@pytest.mark.parametrize("slip", TASK.CORRECTION_SLIPS)
def test_a_slip_of_the_correction_is_found_by_name(slip: str) -> None:
    (item,) = judged(answers(slip)).items
    assert item.function == "correction"
    assert TASK.CORRECTION_SLIPS[slip] in item.evidence


def test_a_parameter_without_gradient_that_moves_is_found() -> None:
    (item,) = judged(answers("none-as-zero")).items
    assert item.function == "no-gradient"


def test_gradients_left_by_zero_grad_are_found() -> None:
    (item,) = judged(answers(left=0.5)).items
    assert item.function == "zero_grad"


@pytest.mark.parametrize("value", [None, "text", [], [1.0], 3.5, [[1.0], [2.0]], {"a": 1}])
def test_any_other_value_is_a_finding_and_no_crash(value: Any) -> None:
    given = [Answer("Adam", "plain/0", value), Answer("Adam", "plain/zero_grad/0", value)]
    assert [item.slug for item in judged(Answers(given)).items][:1] == ["wrong-update"]
