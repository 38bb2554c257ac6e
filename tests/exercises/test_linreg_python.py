"""linreg-python: its challenges, its reference files on some of them, and loops that must not be accused."""

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

SLUG = "linreg-python"
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
import random


def train(data, epochs, batch_size, lr):
    w = b = 0.0
    for epoch in range(epochs):
        {order}
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            dw = sum(2 * (w * x + b - y) * x for x, y in batch) / len(batch)
            db = sum(2 * (w * x + b - y) for x, y in batch) / len(batch)
            w -= lr * dw
            b -= lr * db
    return {result}
"""
BY_HAND = (
    "data = sorted(((float(x), float(y)) for x, y in data), key=lambda p: (p[0] * 997 * (epoch + 1)) % 1)"
)


def loop(order: str = "random.shuffle(data)", result: str = "w, b") -> str:
    return LOOP.format(order=order, result=result)


@pytest.mark.parametrize(
    "result",
    [
        "round(w, 5), round(b, 5)",
        "[w, b]",
        "([w], [b])",
        "(float(w), b)",
        "__import__('numpy').array([w, b])",
    ],
)
def test_two_numbers_in_any_wrapping_are_read(result: str) -> None:
    assert found(SLUG, 1, loop(result=result)) == {}


@pytest.mark.parametrize(
    "result", ["None", "w", "'w', 'b'", "(w,)", "[], []", "complex(w), b", "{'w': w}", "(None, b)"]
)
def test_anything_else_is_a_wrong_shape_and_nothing_more(result: str) -> None:
    assert set(found(SLUG, 1, loop(result=result))) == {"wrong-shape"}


def test_an_order_that_cannot_be_followed_is_no_accusation() -> None:
    assert found(SLUG, 2, loop(BY_HAND)) == {}
    assert len(untold(SLUG, 2, loop(BY_HAND))) == 2


def test_a_wrong_loop_whose_order_cannot_be_followed_is_found_by_its_distance() -> None:
    source = loop(BY_HAND).replace("-= lr", "+= lr")
    assert set(found(SLUG, 2, source)) == {"wrong-gradient"}


def test_drawing_with_replacement_is_no_partial_epoch() -> None:
    source = loop("pass").replace("data[start : start + batch_size]", "random.choices(data, k=batch_size)")
    assert found(SLUG, 3, source) == {}


def test_a_start_drawn_at_random_is_told() -> None:
    source = loop().replace("w = b = 0.0", "w, b = random.random(), random.random()")
    (evidence,) = found(SLUG, 3, source).values()
    assert "both have to start at 0" in evidence


def test_two_slips_are_both_told() -> None:
    source = loop().replace("sum(2 *", "sum(").replace(" / len(batch)", "")
    assert set(found(SLUG, 3, source)) == {"wrong-gradient", "wrong-average"}


def test_the_numbers_behave_like_floats() -> None:
    uses = """
    import copy, json, math, pickle, statistics
    from decimal import Decimal
    from fractions import Fraction
    p, q = data[0]
    assert isinstance(p, float) and p == float(p) and hash(p) == hash(float(p)) and repr(p) == repr(float(p))
    assert f"{p:.3f} {p}" == f"{float(p):.3f} {float(p)}" and json.loads(json.dumps(data))[0] == [p, q]
    assert pickle.loads(pickle.dumps(data)) == data == copy.deepcopy(data)
    assert p + 1 == 1 + p and p - q == -(q - p) and p / q * q != 0 and abs(-p) == abs(p) and p // 1 <= p
    assert Fraction(1, 2) * p == float(p) / 2 == p * Fraction(1, 2) and Decimal(p) == Decimal(float(p))
    assert 2**p == 2 ** float(p) and p**2 == float(p) ** 2 and p * 1j == float(p) * 1j and pow(p, 2) == p * p
    assert type(float(p)) is float and math.sqrt(abs(p)) == math.sqrt(abs(float(p))) and round(p, 1) <= p + 1
    assert sorted(data) == sorted((float(x), float(y)) for x, y in data) and statistics.fmean([p, q]) < 1e9
    assert (p < q) == (float(p) < float(q)) and p * True == p and divmod(p, 2) == divmod(float(p), 2)
"""
    assert found(SLUG, 0, loop().replace("    w = b = 0.0", uses + "    w = b = 0.0")) == {}
