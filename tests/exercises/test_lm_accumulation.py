"""The exercise lm-accumulation: its text, its pieces, its judge, and its reference files at home."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from grader.examiner.answers import Answer, Answers
from grader.exercise import load_exercise
from tests.exercises.torch_exercise import load, seeds

EXERCISE = load_exercise("lm-accumulation")
SGD = EXERCISE.run[0].parameters
CHALLENGES = 20


TASK, MODEL = load(EXERCISE.folder / "task.py"), load(EXERCISE.folder / "model.py")
SOLUTION = load(EXERCISE.reference / "solution.py")


class Run:
    """One bare run of a file: what its pieces saw and what it returned."""

    def __init__(self, module: ModuleType, number: int, folder: Path, **change: Any) -> None:
        self.training, self.hidden, parameters = TASK.draw(seeds(number), None)
        for name, content in self.training.items():
            (folder / name).write_bytes(content)
        self.parameters = {**parameters, **change}
        self.given = MODEL.make(folder, seeds(number), self.parameters)
        self.before = self.loss()
        torch.manual_seed(number)
        recorded: list[Answer] = []
        student = SimpleNamespace(
            call=lambda name, *arguments, **_: getattr(module, name)(*arguments),
            record=lambda name, value, case="", notes=None: recorded.append(
                Answer(name, case, value, notes=notes or {})
            ),
        )
        MODEL.drive(student, self.given)
        self.answers = recorded

    def loss(self) -> float:
        weights = [parameter.detach().double().numpy() for parameter in self.given["model"].parameters()]
        return float(TASK.evaluate(weights, self.hidden, 1.0, 0.0)[0]["loss"])

    def judged(self) -> dict[str, Any]:
        found = TASK.judge(Answers(self.answers), self.training, self.hidden, self.parameters).items
        return {item.slug: item for item in found}


def bug(name: str) -> ModuleType:
    return load(EXERCISE.reference / "bugs" / f"{name}.py")


def test_a_challenge_is_drawn_again_and_differs_from_others() -> None:
    assert TASK.draw(seeds(1), None) == TASK.draw(seeds(1), None)
    assert TASK.draw(seeds(1), None)[0] != TASK.draw(seeds(2), None)[0]
    other = {**seeds(1), "hidden": 7}
    assert TASK.draw(other, None)[0] == TASK.draw(seeds(1), None)[0]
    assert TASK.draw(other, None)[1] != TASK.draw(seeds(1), None)[1]


def test_the_numbers_differ_from_challenge_to_challenge() -> None:
    drawn = [TASK.draw(seeds(number), None)[2] for number in range(40)]
    for name in ("max_steps", "grad_accum", "max_norm", "eval_interval"):
        assert len({parameters[name] for parameters in drawn}) >= 3, name
    assert all(len(set(map(tuple, json.loads(item["rates_adamw"])))) == item["max_steps"] for item in drawn)


def test_numpy_s_loss_is_the_model_s_own(tmp_path: Path) -> None:
    run = Run(SOLUTION, 3, tmp_path)
    text = torch.from_numpy(TASK.np.load(TASK.io.BytesIO(run.hidden["text.npy"])).astype(np.int64))
    model = run.given["model"].eval()
    with torch.no_grad():
        logits, _ = model(text[None, :-1], text[None, 1:])
    expected = torch.nn.functional.cross_entropy(logits[0, 1:].double(), text[2:])
    assert run.loss() == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("number", range(CHALLENGES))
def test_the_solution_reaches_the_threshold_with_room_and_an_untrained_model_does_not(
    number: int, tmp_path: Path
) -> None:
    assert EXERCISE.hidden is not None
    run = Run(SOLUTION, number, tmp_path)
    assert run.loss() < EXERCISE.hidden.threshold - 0.1
    assert run.before > EXERCISE.hidden.threshold + 0.5
    assert {item.status for item in run.judged().values()} == {"clear"}


def test_every_step_of_the_first_run_is_above_the_limit_and_none_of_the_second(tmp_path: Path) -> None:
    for change, over in (({}, True), (SGD, False)):
        norms: list[float] = []
        original = torch.nn.utils.clip_grad_norm_

        def clip(parameters: Any, limit: float, norms: list[float] = norms, original: Any = original) -> Any:
            norm = original(parameters, limit)
            norms.append(float(norm) / limit)
            return norm

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch.nn.utils, "clip_grad_norm_", clip)
            for number in range(6):
                Run(SOLUTION, number, tmp_path, **change)
        assert all((norm > 1.5) == over for norm in norms)


FOUND = {
    "evaluates_in_train_mode": "eval-in-train-mode",
    "evaluates_with_graph": "eval-builds-graph",
    "stays_in_eval_mode": "train-in-eval-mode",
    "trains_on_val": "trains-on-held-out",
    "estimate_goes_backward": "trains-on-held-out",
    "one_micro_batch_less": "wrong-hyperparameter",
    "never_evaluates": "wrong-hyperparameter",
    "evaluates_every_step": "wrong-hyperparameter",
    "last_loss_only": "wrong-average",
    "sum_of_losses": "wrong-average",
    "divided_twice": "wrong-average",
    "returns_nothing": "wrong-average",
}


@pytest.mark.parametrize(("name", "slug"), FOUND.items())
def test_the_judge_finds_what_the_exercise_s_own_pieces_saw(name: str, slug: str, tmp_path: Path) -> None:
    judged = Run(bug(name), 2, tmp_path).judged()
    assert judged[slug].status == "found"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("last_loss_only", "last micro-batch alone"),
        ("sum_of_losses", "divide by their number"),
        ("divided_twice", "once too often"),
    ],
)
def test_a_likely_slip_is_named(name: str, words: str, tmp_path: Path) -> None:
    assert words in Run(bug(name), 2, tmp_path).judged()["wrong-average"].evidence


@pytest.mark.parametrize(
    "path", sorted((EXERCISE.reference / "variants").glob("*.py")), ids=lambda path: path.stem
)
def test_right_but_unusual_loops_are_clear(path: Path, tmp_path: Path) -> None:
    run = Run(load(path), 4, tmp_path)
    assert {item.status for item in run.judged().values()} == {"clear"}
    assert run.loss() < 1.4


def test_hostile_answers_are_no_crash() -> None:
    training, hidden, parameters = TASK.draw(seeds(1), None)
    for value in (None, "text", [None], {"a": 1}, [[1.0]], float("nan")):
        for notes in ({}, {"used": [1]}, {"draws": [], "evaluated_after": [0]}):
            answers = [Answer("train", "losses", value, notes=notes), Answer("train", "returned", value)]
            TASK.judge(Answers(answers), training, hidden, parameters)
    assert TASK.judge(Answers([]), training, hidden, parameters).items == []


def test_the_arguments_come_in_the_order_of_the_signature(tmp_path: Path) -> None:
    run = Run(SOLUTION, 1, tmp_path)
    assert EXERCISE.signature is not None
    assert EXERCISE.signature.startswith(f"train({', '.join(MODEL.TRAIN)})")
    assert list(run.given)[: len(MODEL.TRAIN)] == list(MODEL.TRAIN)
    assert EXERCISE.graded is not None
    shapes = [list(parameter.shape) for parameter in run.given["model"].parameters()]
    assert shapes == EXERCISE.graded.shapes


def test_the_starter_runs_and_learns_nothing(tmp_path: Path) -> None:
    run = Run(load(EXERCISE.folder / "starter.py"), 1, tmp_path)
    assert run.loss() == run.before
