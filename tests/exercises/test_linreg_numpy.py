"""linreg-numpy: its challenges, its reference files on some of them, and loops that must not be accused."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from grader.examiner import hidden
from grader.exercise import load_exercise
from tests.exercises.judged import (
    assert_sound,
    bug_files,
    expected,
    found,
    judged,
    right_files,
    seeds,
    untold,
)

SLUG = "linreg-numpy"
EXERCISE = load_exercise(SLUG)
STARTER = EXERCISE.folder / "starter.py"
ENDINGS = {"crashed", "wrong-signature"}
FEW, MANY = 2, 50


@pytest.fixture(autouse=True)
def _generators_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exercise's recording of random generators ends with the test."""
    for name in ("shuffle", "sample", "choices"):
        monkeypatch.setattr(random.Random, name, getattr(random.Random, name))
        monkeypatch.setattr(random, name, getattr(random, name))
    for name in ("permutation", "shuffle", "choice", "default_rng"):
        monkeypatch.setattr(np.random, name, getattr(np.random, name))


def test_rubric_drawing_and_reference_files_are_sound() -> None:
    assert_sound(SLUG, least_variants=12, least_bugs=30)


def test_the_number_of_points_is_once_divided_by_the_batch_size_and_once_not() -> None:
    sizes = set()
    for number in range(MANY):
        _, _, parameters = hidden.draw(EXERCISE, seeds(number), None)
        batch = int(parameters["batch_size"])
        assert int(parameters["even"]) % batch == 0
        assert 2 <= int(parameters["samples"]) % batch <= batch // 2
        assert 5 <= int(parameters["epochs"]) <= 8
        sizes.add(batch)
    assert len(sizes) == 3


def test_the_threshold_is_far_from_a_finished_loop_and_from_none() -> None:
    assert EXERCISE.hidden is not None
    finished = [judged(SLUG, number, right_files(SLUG)[0]).metrics["mse"] for number in range(MANY)]
    assert max(finished) < EXERCISE.hidden.threshold / 2
    untrained = [judged(SLUG, number, STARTER).metrics["mse"] for number in range(MANY)]
    assert min(untrained) > 10 * EXERCISE.hidden.threshold


@pytest.mark.parametrize("path", right_files(SLUG), ids=lambda path: path.stem)
def test_a_right_file_is_never_accused(path: Path) -> None:
    for number in range(FEW):
        assert found(SLUG, number, path) == {}, number
        assert untold(SLUG, number, path) == []


@pytest.mark.parametrize(
    "path",
    [path for path in bug_files(SLUG) if not ENDINGS & set(expected(path))],
    ids=lambda path: path.stem,
)
def test_a_bug_is_found_and_nothing_else(path: Path) -> None:
    assert set(found(SLUG, 7, path)) == set(expected(path)) - {"accuracy-below-threshold"}


def test_the_starter_runs_and_moves_nothing() -> None:
    assert set(found(SLUG, 0, STARTER)) == {"missing-step"}


LOOP = """
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    w = b = 0.0
    for epoch in range(epochs):
        order = {order}
        for rows in {batches}:
            error = w * x[rows] + b - y[rows]
            w, b = w - lr * 2 * (error * x[rows]).mean(), b - lr * 2 * error.mean()
    return w, b
"""
SLICES = "np.split(order, range(batch_size, len(order), batch_size))"


def loop(order: str = "rng.permutation(len(x))", batches: str = SLICES) -> str:
    return LOOP.format(order=order, batches=batches)


def test_single_precision_is_no_mistake() -> None:
    source = loop().replace(
        "    w = b = 0.0", "    w = b = np.float32(0)\n    x, y = np.float32(x), np.float32(y)"
    )
    for number in range(FEW):
        assert found(SLUG, number, source) == {}
        assert untold(SLUG, number, source) == []


def test_a_wrong_average_in_single_precision_is_one() -> None:
    source = loop().replace(
        "    w = b = 0.0", "    w = b = np.float32(0)\n    x, y = np.float32(x), np.float32(y)"
    )
    assert set(found(SLUG, 0, source.replace(".mean()", ".sum()"))) == {"wrong-average"}


def test_batches_of_nearly_equal_sizes_are_allowed() -> None:
    assert found(SLUG, 0, loop(batches="np.array_split(order, -(-len(order) // batch_size))")) == {}


def test_other_generators_are_followed_too() -> None:
    assert found(SLUG, 0, loop("np.random.permutation(len(x))")) == {}
    assert found(SLUG, 0, loop("np.random.default_rng(epoch).permutation(len(x))")) == {}


def test_drawing_with_replacement_is_no_partial_epoch() -> None:
    batches = "rng.integers(0, len(x), size=(len(x) // batch_size, batch_size))"
    assert found(SLUG, 3, loop("None", batches)) == {}


def test_an_order_that_cannot_be_followed_is_no_accusation() -> None:
    source = loop("np.argsort((x * 997 * (epoch + 1)) % 1)").replace(
        "    w = b = 0.0", "    w = b = 0.0\n    x, y = np.array(x), np.array(y)"
    )
    assert found(SLUG, 2, source) == {}
    assert len(untold(SLUG, 2, source)) == 2
    assert set(found(SLUG, 2, source.replace("- lr", "+ lr"))) == {"wrong-gradient"}


def test_torch_tensors_over_the_arrays_are_allowed() -> None:
    source = loop(batches="torch.from_numpy(order).split(batch_size)").replace(
        "import numpy as np", "import torch"
    )
    source = source.replace(
        "    w = b = 0.0", "    w = b = 0.0\n    x, y = torch.tensor(x), torch.from_numpy(y)"
    )
    assert found(SLUG, 4, source) == {}
