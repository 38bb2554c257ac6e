"""The exercise mixed-precision: its data, what it hands to the student, and what its reference files reach."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grader.exercise import load_exercise
from tests.exercises.torch_exercise import load, seeds

EXERCISE = load_exercise("mixed-precision")
SOLUTION = EXERCISE.reference / "solution.py"
VARIANTS = sorted((EXERCISE.reference / "variants").glob("*.py"))
CHALLENGES = 30


TASK = load(EXERCISE.folder / "task.py")
MODEL = load(EXERCISE.folder / "model.py")


class Run:
    """One challenge and what a loop made of it, bare; `changes` go into its parameters."""

    def __init__(self, number: int, folder: Path, **changes: float) -> None:
        training, self.hidden, self.parameters = TASK.draw(seeds(number), None)
        self.parameters |= changes
        for name, content in training.items():
            (folder / name).write_bytes(content)
        self.given: dict[str, Any] = MODEL.make(folder, seeds(number), self.parameters)

    def train(self, path: Path) -> Run:
        load(path).train(*self.given.values())
        return self

    @property
    def accuracy(self) -> float:
        weights = [value.detach().cpu().double().numpy() for value in self.given["model"].parameters()]
        scores, samples = TASK.evaluate(weights, self.hidden, 1.0, 0.0)
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


def test_limits_scales_and_epochs_differ_between_challenges() -> None:
    drawn = [TASK.draw(seeds(number), None)[2] for number in range(40)]
    for name in ("max_norm", "init_scale", "epochs"):
        assert len({parameters[name] for parameters in drawn}) >= 4


def test_the_arguments_come_in_the_order_of_the_signature(tmp_path: Path) -> None:
    run = Run(3, tmp_path)
    assert EXERCISE.signature is not None
    assert EXERCISE.graded is not None
    assert EXERCISE.signature.startswith(f"train({', '.join(run.given)})")
    shapes = [list(parameter.shape) for parameter in run.given["model"].parameters()]
    assert shapes == EXERCISE.graded.shapes
    assert run.given["scaler"].is_enabled()
    assert not Run(3, tmp_path, scaling=0).given["scaler"].is_enabled()


@pytest.mark.parametrize("number", range(CHALLENGES))
def test_the_solution_skips_a_few_steps_clips_some_and_learns(
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
    assert run.accuracy > EXERCISE.hidden.threshold + 0.03
    seen = np.array(norms)
    finite = seen[np.isfinite(seen)]
    assert 1 <= len(seen) - len(finite) <= 8  # the first scale is too high
    early = finite[:16]
    assert (early > run.given["max_norm"]).sum() >= 3  # in the first window of the ledger


@pytest.mark.parametrize("path", [SOLUTION, *VARIANTS], ids=lambda path: path.stem)
def test_every_right_loop_learns_with_the_scaler_on_and_off(path: Path, tmp_path: Path) -> None:
    assert EXERCISE.hidden is not None
    assert Run(0, tmp_path).train(path).accuracy > EXERCISE.hidden.threshold
    assert Run(1, tmp_path, scaling=0).train(path).accuracy > EXERCISE.hidden.threshold


def test_the_starter_runs_and_learns_nothing(tmp_path: Path) -> None:
    assert Run(0, tmp_path).train(EXERCISE.folder / "starter.py").accuracy < 0.6


def test_a_clip_before_unscaling_hardly_learns(tmp_path: Path) -> None:
    bug = EXERCISE.reference / "bugs" / "clip_before_unscale.py"
    assert EXERCISE.hidden is not None
    assert Run(0, tmp_path).train(bug).accuracy < EXERCISE.hidden.threshold - 0.2


def test_evaluation_is_the_network_s_own(tmp_path: Path) -> None:
    run = Run(4, tmp_path)
    x, y = (np.load(io.BytesIO(run.hidden[name])) for name in ("x.npy", "y.npy"))
    model = run.given["model"].cpu()
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
