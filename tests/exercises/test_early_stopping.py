"""The exercise early-stopping: its data, when its loss turns, its threshold and its starter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grader.checks.stopping import by_best
from grader.exercise import load_exercise
from tests.exercises.test_linreg_torch import load, seeds

EXERCISE = load_exercise("early-stopping")
TASK = load(EXERCISE.folder / "task.py")
MODEL = load(EXERCISE.folder / "model.py")
SOLUTION = load(EXERCISE.reference / "solution.py")
CHALLENGES = 8


class Challenge:
    """One challenge, laid out in a folder, with the arguments built from it."""

    def __init__(self, number: int, folder: Path, **changes: float) -> None:
        training, self.hidden, self.parameters = TASK.draw(seeds(number), None)
        for name, content in training.items():
            (folder / name).write_bytes(content)
        self.given: dict[str, Any] = MODEL.make(folder, seeds(number), {**self.parameters, **changes})
        torch.manual_seed(number)

    def accuracy(self) -> float:
        state = [item.double().numpy() for item in self.given["model"].state_dict().values()]
        return float(TASK.evaluate(state, self.hidden, 1.0, 0.0)[0]["accuracy"])

    def losses(self) -> list[float]:
        """The validation loss after each of the most epochs there may be."""
        given, seen = self.given, []
        for _ in range(given["max_epochs"]):
            SOLUTION.train_one_epoch(
                given["model"], given["train_loader"], given["criterion"], given["optimizer"]
            )
            with torch.no_grad():
                seen.append(MODEL.observe(given)["val_loss"])
        return seen


def test_a_draw_depends_on_its_seeds_alone() -> None:
    assert TASK.draw(seeds(1), None) == TASK.draw(seeds(1), None)
    one, two = TASK.draw(seeds(1), None), TASK.draw(seeds(2), None)
    assert all(one[0][name] != two[0][name] for name in one[0])


def test_validation_batches_are_of_one_size_so_that_every_way_of_averaging_agrees() -> None:
    assert TASK.VAL_POINTS % TASK.VAL_BATCH_SIZE == 0


@pytest.mark.parametrize("number", range(CHALLENGES))
def test_the_loss_turns_in_the_middle_and_patience_runs_out_in_time(number: int, tmp_path: Path) -> None:
    challenge = Challenge(number, tmp_path)
    losses = challenge.losses()
    stop, best = by_best(losses, int(challenge.parameters["patience"]))
    assert stop is not None
    assert stop < challenge.parameters["max_epochs"] - 1
    assert 0 < best < stop
    assert int(np.argmin(losses[:30])) < 29  # so the run that nothing stops has weights to restore, too


@pytest.mark.parametrize("number", range(CHALLENGES))
def test_a_right_loop_passes_with_room_to_spare(number: int, tmp_path: Path) -> None:
    challenge = Challenge(number, tmp_path)
    assert EXERCISE.hidden is not None
    best = SOLUTION.fit(*challenge.given.values())
    assert 0 < best < challenge.given["max_epochs"]
    assert challenge.accuracy() > EXERCISE.hidden.threshold + 0.04


def test_challenges_stop_at_different_epochs(tmp_path: Path) -> None:
    assert len({SOLUTION.fit(*Challenge(number, tmp_path).given.values()) for number in range(5)}) > 1


def test_the_starter_runs_and_learns_nothing(tmp_path: Path) -> None:
    challenge = Challenge(1, tmp_path)
    before = challenge.accuracy()
    assert load(EXERCISE.folder / "starter.py").fit(*challenge.given.values()) == 0
    assert challenge.accuracy() == before


def test_observing_changes_nothing(tmp_path: Path) -> None:
    given = Challenge(1, tmp_path).given
    given["model"].train()
    random = torch.get_rng_state()
    with torch.no_grad():
        one, two = MODEL.observe(given), MODEL.observe(given)
    assert one == two
    assert torch.equal(random, torch.get_rng_state())
    assert all(layer.training for layer in given["model"].modules())
