"""The exercise lr-schedules: its data, the rates that are due, its judge, and its reference files at home."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from grader.checks.rates import expanded
from grader.examiner.answers import Answer, Answers
from grader.exercise import load_exercise
from tests.exercises.torch_exercise import load, seeds

EXERCISE = load_exercise("lr-schedules")
RUNS: list[dict[str, Any]] = [{}, *(run.parameters for run in EXERCISE.run)]
CHALLENGES = 30


TASK, MODEL = load(EXERCISE.folder / "task.py"), load(EXERCISE.folder / "model.py")
SOLUTION = load(EXERCISE.reference / "solution.py")


def made(number: int, folder: Path, run: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """What a run hands in, its parameters, and the hidden files."""
    training, hidden, parameters = TASK.draw(seeds(number), None)
    for name, content in training.items():
        (folder / name).write_bytes(content)
    parameters = {**parameters, **run}
    return MODEL.make(folder, seeds(number), parameters), parameters, hidden


def trained(module: ModuleType, given: dict[str, Any]) -> list[float]:
    """Train bare; the rate of every step."""
    seen: list[float] = []
    hook = given["optimizer"].register_step_post_hook(
        lambda optimizer, *_: seen.append(optimizer.param_groups[0]["lr"])
    )
    module.train(*(given[name] for name in MODEL.TRAIN))
    hook.remove()
    return seen


def mse(model: torch.nn.Module, hidden: Any) -> float:
    weights = [parameter.detach().double().numpy() for parameter in model.parameters()]
    return float(TASK.evaluate(weights, hidden, 1.0, 0.0)[0]["mse"])


def judged(function: Any, number: int = 1) -> Any:
    """What the judge says of a function of (step, warmup, total, peak)."""
    training, hidden, parameters = TASK.draw(seeds(number), None)
    answers = [
        Answer("warmup_cosine", "step={}, warmup={}, total={}, peak={}".format(*case), function(*case))
        for case in json.loads(training["cases.json"])
    ]
    (item,) = TASK.judge(Answers(answers), training, hidden, parameters).items
    return item


def test_a_challenge_is_drawn_again_and_differs_from_others() -> None:
    assert TASK.draw(seeds(1), None) == TASK.draw(seeds(1), None)
    assert TASK.draw(seeds(1), None)[0] != TASK.draw(seeds(2), None)[0]
    other = {**seeds(1), "hidden": 7}
    assert TASK.draw(other, None)[0] == TASK.draw(seeds(1), None)[0]
    assert TASK.draw(other, None)[1] != TASK.draw(seeds(1), None)[1]


@pytest.mark.parametrize("run", RUNS, ids=["step", "cosine", "one-cycle"])
def test_the_rates_due_are_those_of_torch_s_own_schedulers(run: dict[str, Any], tmp_path: Path) -> None:
    for number in range(6):
        given, parameters, _ = made(number, tmp_path, run)
        due = expanded(json.loads(parameters[parameters["rates"]]))
        assert np.allclose(trained(SOLUTION, given), due, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("run", RUNS, ids=["step", "cosine", "one-cycle"])
def test_the_solution_reaches_the_threshold_with_room_and_an_untrained_model_does_not(
    run: dict[str, Any], tmp_path: Path
) -> None:
    assert EXERCISE.hidden is not None
    for number in range(CHALLENGES if not run else 6):
        given, _, hidden = made(number, tmp_path, run)
        assert mse(given["model"], hidden) > 10 * EXERCISE.hidden.threshold
        trained(SOLUTION, given)
        assert mse(given["model"], hidden) < EXERCISE.hidden.threshold / 1.5


def test_one_cycle_called_too_often_stays_where_it_is(tmp_path: Path) -> None:
    given, parameters, _ = made(1, tmp_path, RUNS[2])
    given["optimizer"].step()
    for _ in range(2 * parameters["epochs"] * TASK.STEPS):
        given["scheduler"].step()
    assert given["optimizer"].param_groups[0]["lr"] == pytest.approx(TASK.RATE / 25 / 1e4)


def test_the_readme_s_table_is_what_the_formula_gives() -> None:
    table = {0: 0.25, 1: 0.5, 2: 0.75, 3: 1, 4: 1, 6: 0.854, 8: 0.5, 10: 0.146, 12: 0, 13: 0}
    for step, rate in table.items():
        assert TASK.warmup_cosine(step, 4, 12, 1.0) == pytest.approx(rate, abs=5e-4)


def test_the_right_function_is_clear_in_any_kind_of_number() -> None:
    right = TASK.warmup_cosine
    for kind in (float, np.float64, np.float32, lambda value: np.array([value])):
        assert judged(lambda *case, kind=kind: kind(right(*case))).status == "clear"
    for number in range(10):
        assert judged(SOLUTION.warmup_cosine, number).status == "clear"


@pytest.mark.parametrize("wrong", [None, "text", [0.1, 0.2], {}])
def test_a_value_of_another_kind_is_wrong(wrong: Any) -> None:
    assert judged(lambda *case: wrong).status == "found"


SLIPS = {
    "warmup_from_zero": "starts at 0",
    "warmup_too_flat": "divide by warmup",
    "cosine_from_step_zero": "begins at step 0",
    "cosine_over_total": "total - warmup of them",
    "cosine_not_halved": "twice as much",
    "cosine_goes_up_again": "goes up again",
    "cosine_in_turns": "multiply the part by pi",
    "straight_line_down": "straight line",
}


@pytest.mark.parametrize(("name", "words"), SLIPS.items())
def test_a_likely_slip_is_named(name: str, words: str) -> None:
    for number in range(3):
        item = judged(load(EXERCISE.reference / "bugs" / f"{name}.py").warmup_cosine, number)
        assert item.status == "found"
        assert words in item.evidence


def test_an_error_in_the_arithmetic_is_told() -> None:
    item = judged(lambda step, warmup, *rest: "a ZeroDivisionError" if not warmup else 0.0)
    assert item.status == "found"


def test_the_arguments_come_in_the_order_of_the_signature(tmp_path: Path) -> None:
    given, _, _ = made(1, tmp_path, {})
    assert EXERCISE.signature is not None
    assert EXERCISE.signature.startswith(f"train({', '.join(MODEL.TRAIN)})")
    assert list(given)[: len(MODEL.TRAIN)] == list(MODEL.TRAIN)
    assert EXERCISE.graded is not None
    assert [list(parameter.shape) for parameter in given["model"].parameters()] == EXERCISE.graded.shapes


def test_the_starter_runs(tmp_path: Path) -> None:
    starter = load(EXERCISE.folder / "starter.py")
    given, parameters, _ = made(1, tmp_path, {})
    assert set(trained(starter, given)) == {parameters["lr"]}
    assert judged(starter.warmup_cosine).status == "found"
