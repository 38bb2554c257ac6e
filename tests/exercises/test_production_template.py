"""The exercise production-template: its data, what it hands to the student, and what its reference files reach."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grader.examiner.answers import Answer, Answers
from grader.exercise import load_exercise
from sandbox.answers import Other
from tests.exercises.torch_exercise import load, seeds

EXERCISE = load_exercise("production-template")
SOLUTION = EXERCISE.reference / "solution.py"
VARIANTS = sorted((EXERCISE.reference / "variants").glob("*.py"))
CHALLENGES = 30


TASK = load(EXERCISE.folder / "task.py")
MODEL = load(EXERCISE.folder / "model.py")


class Run:
    """One challenge and what a loop made of it, bare."""

    def __init__(self, number: int, folder: Path) -> None:
        training, self.hidden, self.parameters = TASK.draw(seeds(number), None)
        for name, content in training.items():
            (folder / name).write_bytes(content)
        self.given: dict[str, Any] = MODEL.make(folder, seeds(number), self.parameters)
        self.model: torch.nn.Module = self.given["model"]

    def train(self, path: Path) -> Run:
        torch.manual_seed(1)  # dropout
        self.model = load(path).train(*self.given.values())
        return self

    @property
    def accuracy(self) -> float:
        state = [value for value in self.model.state_dict().values() if value.is_floating_point()]
        scores, samples = TASK.evaluate(
            [value.detach().cpu().double().numpy() for value in state], self.hidden, 1.0, 0.0
        )
        assert samples == 2_000
        return float(scores["accuracy"])


def test_the_rubric_adds_up_to_a_hundred_points_and_the_required_lines_pass() -> None:
    assert EXERCISE.max_points == 100
    required = sum(item.points for item in EXERCISE.requirement if item.required)
    assert EXERCISE.pass_mark * 100 <= required


def test_a_challenge_is_drawn_from_its_seeds_alone() -> None:
    assert TASK.draw(seeds(1), None) == TASK.draw(seeds(1), None)
    assert TASK.draw(seeds(1), None)[0] != TASK.draw(seeds(2), None)[0]
    other = seeds(1) | {"hidden": 5}
    assert TASK.draw(other, None)[0] == TASK.draw(seeds(1), None)[0]
    assert TASK.draw(other, None)[1] != TASK.draw(seeds(1), None)[1]


def test_rates_and_epochs_differ_between_challenges() -> None:
    drawn = [TASK.draw(seeds(number), None)[2] for number in range(40)]
    for name in ("lr", "epochs"):
        assert len({parameters[name] for parameters in drawn}) >= 4


def test_the_arguments_come_in_the_order_of_the_signature(tmp_path: Path) -> None:
    run = Run(3, tmp_path)
    assert EXERCISE.signature is not None
    assert EXERCISE.graded is not None
    assert EXERCISE.signature.startswith(f"train({', '.join(run.given)})")
    state = run.given["model"].state_dict().values()
    shapes = [list(value.shape) for value in state if value.is_floating_point()]
    assert shapes == EXERCISE.graded.shapes


@pytest.mark.parametrize("number", range(CHALLENGES))
def test_the_solution_clips_some_steps_and_learns(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms: list[float] = []
    original = torch.nn.utils.clip_grad_norm_

    def clip(*args: Any, **kwargs: Any) -> torch.Tensor:
        norms.append(float(original(*args, **kwargs)))
        return torch.tensor(norms[-1])

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", clip)
    run = Run(number, tmp_path)
    assert run.accuracy < 0.6
    run.train(SOLUTION)
    assert EXERCISE.hidden is not None
    assert run.accuracy > EXERCISE.hidden.threshold + 0.02
    assert sum(norm > 1.01 for norm in norms[:24]) >= 3  # in the first window of the ledger


@pytest.mark.parametrize("path", [SOLUTION, *VARIANTS], ids=lambda path: path.stem)
def test_every_right_loop_learns_and_returns_a_model(path: Path, tmp_path: Path) -> None:
    run = Run(0, tmp_path).train(path)
    assert EXERCISE.hidden is not None
    assert isinstance(run.model, torch.nn.Module)
    assert run.accuracy > EXERCISE.hidden.threshold + 0.02


def test_the_starter_runs_and_learns_nothing(tmp_path: Path) -> None:
    assert Run(0, tmp_path).train(EXERCISE.folder / "starter.py").accuracy < 0.6


def test_evaluation_is_the_network_s_own_in_evaluation_mode(tmp_path: Path) -> None:
    run = Run(4, tmp_path)
    x, y = (np.load(io.BytesIO(run.hidden[name])) for name in ("x.npy", "y.npy"))
    model = run.train(SOLUTION).model.cpu().eval()
    with torch.no_grad():
        right = (model(torch.from_numpy(x)).argmax(dim=1).numpy() == y).mean()
    assert run.accuracy == pytest.approx(float(right), abs=2e-3)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("path", [SOLUTION, *VARIANTS], ids=lambda path: path.stem)
def test_every_right_loop_learns_on_a_gpu(path: Path, tmp_path: Path) -> None:
    run = Run(0, tmp_path)
    assert run.given["device"] == "cuda"
    assert EXERCISE.hidden is not None
    assert run.train(path).accuracy > EXERCISE.hidden.threshold


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (Other("Sequential"), "clear"),
        (None, "found"),
        ([0.5], "found"),
        ((Other("Sequential"), 0.5), "found"),
    ],
)
def test_the_judge_wants_a_model_back(value: Any, status: str) -> None:
    (item,) = TASK.judge(Answers([Answer("train", "", value)]), {}, {}, {}).items
    assert (item.slug, item.status) == ("wrong-value", status)
