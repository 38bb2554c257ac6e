"""Two circles: the challenges, the thresholds, the starter."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exercise import load_exercise
from tests.exercises.torch_exercise import Challenge, load, seeds

EXERCISE = load_exercise("circles")
TASK = load(EXERCISE.folder / "task.py")
RIGHT = [EXERCISE.reference / "solution.py", *sorted((EXERCISE.reference / "variants").glob("*.py"))]


def test_the_same_seeds_draw_the_same_files_and_others_differ() -> None:
    assert TASK.draw(seeds(1), None) == TASK.draw(seeds(1), None)
    assert TASK.draw(seeds(1), None)[0] != TASK.draw(seeds(2), None)[0]


def test_the_hidden_seed_changes_the_hidden_points_only() -> None:
    training, hidden, parameters = TASK.draw(seeds(3), None)
    other = TASK.draw(seeds(3) | {"hidden": seeds(4)["hidden"]}, None)
    assert (other[0], other[2]) == (training, parameters)
    assert other[1] != hidden


@pytest.mark.parametrize("number", range(30))
def test_the_solution_passes_with_a_margin_and_the_first_weights_do_not(number: int, tmp_path: Path) -> None:
    assert EXERCISE.hidden is not None
    challenge = Challenge(EXERCISE, number, tmp_path)
    assert challenge.accuracy() < EXERCISE.hidden.threshold - 0.1
    assert challenge.trained(RIGHT[0]) > EXERCISE.hidden.threshold + 0.03


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_every_right_loop_passes(path: Path, tmp_path: Path) -> None:
    assert EXERCISE.hidden is not None
    assert all(
        Challenge(EXERCISE, number, tmp_path).trained(path) > EXERCISE.hidden.threshold for number in range(3)
    )


def test_the_starter_runs_and_does_not_pass(tmp_path: Path) -> None:
    assert EXERCISE.hidden is not None
    reached = Challenge(EXERCISE, 0, tmp_path).trained(EXERCISE.folder / "starter.py")
    assert reached < EXERCISE.hidden.threshold


def test_the_arguments_come_in_the_order_of_the_signature(tmp_path: Path) -> None:
    arguments = Challenge(EXERCISE, 5, tmp_path).arguments
    assert EXERCISE.signature == f"train({', '.join(arguments)})"
    assert [list(parameter.shape) for parameter in arguments["model"].parameters()] == EXERCISE.shapes
