"""The exercise train-and-validate: its data, its threshold, its starter, and what it observes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from grader.exercise import load_exercise
from tests.exercises.test_linreg_torch import load, seeds

EXERCISE = load_exercise("train-and-validate")
TASK = load(EXERCISE.folder / "task.py")
MODEL = load(EXERCISE.folder / "model.py")
CHALLENGES = 12


class Challenge:
    """One challenge, laid out in a folder, with the arguments built from it."""

    def __init__(self, number: int, folder: Path) -> None:
        training, self.hidden, parameters = TASK.draw(seeds(number), None)
        for name, content in training.items():
            (folder / name).write_bytes(content)
        self.given: dict[str, Any] = MODEL.make(folder, seeds(number), parameters)
        torch.manual_seed(number)

    def fit(self, name: str) -> Any:
        return load(EXERCISE.folder.parent / name).fit(*self.given.values())

    def accuracy(self) -> float:
        state = [item.double().numpy() for item in self.given["model"].state_dict().values() if item.dim()]
        scores, samples = TASK.evaluate(state, self.hidden, 1.0, 0.0)
        assert samples == TASK.HIDDEN_POINTS
        return float(scores["accuracy"])


SOLUTION = f"../reference/{EXERCISE.slug}/solution.py"
STARTER = f"{EXERCISE.slug}/starter.py"


def test_a_draw_depends_on_its_seeds_alone() -> None:
    assert TASK.draw(seeds(1), None) == TASK.draw(seeds(1), None)
    one, two = TASK.draw(seeds(1), None), TASK.draw(seeds(2), None)
    assert all(one[0][name] != two[0][name] for name in one[0])
    assert one[1]["x.npy"] != two[1]["x.npy"]


def test_the_validation_sets_last_batch_is_short() -> None:
    assert 0 < TASK.VAL_POINTS % TASK.VAL_BATCH_SIZE < TASK.VAL_BATCH_SIZE / 2
    assert TASK.VAL_POINTS != TASK.POINTS


@pytest.mark.parametrize("number", range(CHALLENGES))
def test_a_right_loop_passes_with_room_to_spare(number: int, tmp_path: Path) -> None:
    challenge = Challenge(number, tmp_path)
    assert EXERCISE.hidden is not None
    assert challenge.accuracy() < 0.5
    challenge.fit(SOLUTION)
    assert challenge.accuracy() > EXERCISE.hidden.threshold + 0.05


def test_the_starter_runs_and_learns_nothing(tmp_path: Path) -> None:
    challenge = Challenge(1, tmp_path)
    before = challenge.accuracy()
    history = challenge.fit(STARTER)
    assert all(
        len(history[key]) == challenge.given["epochs"] for key in ("train_loss", "val_loss", "val_accuracy")
    )
    assert challenge.accuracy() < max(0.5, before + 0.2)


def test_the_numbers_observed_are_those_of_the_solution(tmp_path: Path) -> None:
    challenge = Challenge(3, tmp_path)
    history = challenge.fit(SOLUTION)
    with torch.no_grad():
        seen = MODEL.observe(challenge.given)
    assert history["val_loss"][-1] == pytest.approx(seen["val_loss"], rel=1e-5)
    assert history["val_accuracy"][-1] == pytest.approx(seen["val_accuracy"], rel=1e-5)
    assert abs(seen["val_loss"] - seen["val_loss_batches"]) > 1e-4


def test_observing_changes_nothing(tmp_path: Path) -> None:
    given = Challenge(1, tmp_path).given
    given["model"].train()
    given["model"][1].eval()
    before = [item.clone() for item in given["model"].state_dict().values()]
    random = torch.get_rng_state()
    with torch.no_grad():
        MODEL.observe(given)
    assert torch.equal(random, torch.get_rng_state())
    assert [layer.training for layer in given["model"]] == [True, False, True, True, True]
    assert all(
        torch.equal(one, two) for one, two in zip(before, given["model"].state_dict().values(), strict=True)
    )


def test_the_hidden_test_computes_what_the_network_does(tmp_path: Path) -> None:
    challenge = Challenge(1, tmp_path)
    model: nn.Module = challenge.given["model"].eval()
    x, y = (np.load(io.BytesIO(challenge.hidden[name])) for name in ("x.npy", "y.npy"))
    with torch.no_grad():
        right = model(torch.from_numpy(x)).argmax(dim=1).numpy() == y
    assert challenge.accuracy() == pytest.approx(right.mean(), abs=1e-3)
