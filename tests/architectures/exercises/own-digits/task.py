"""Digits as mnist-from-memory draws them, fewer of them; the hidden test is of logits, whatever model gave them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from grader.exercise import course

TRAIN_SIZE, TEST_SIZE, HIDDEN_SIZE = 2_000, 300, 1_500


def _drawing() -> ModuleType:
    """The task.py that draws digits."""
    path = course("exercises") / "mnist-from-memory" / "task.py"
    spec = importlib.util.spec_from_file_location("metronome_digits", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mnist = _drawing()


def draw(
    seeds: dict[str, int], real: Path | None = None
) -> tuple[dict[str, bytes], dict[str, bytes], dict[str, int | float | str]]:
    """The files of a challenge: for the sandbox, kept for the hidden test, and the parameters."""
    rng, kept = (
        np.random.Generator(np.random.PCG64(np.random.SeedSequence(seeds[purpose])))
        for purpose in ("train", "hidden")
    )
    pairs = (*mnist.digits(rng, TRAIN_SIZE), *mnist.digits(rng, TEST_SIZE))
    training = dict(zip(mnist.TRAINING_FILES, map(mnist.write_idx, pairs), strict=True))
    hidden = dict(zip(mnist.HIDDEN_FILES, map(mnist.write_idx, mnist.digits(kept, HIDDEN_SIZE)), strict=True))
    return training, hidden, {"samples": TRAIN_SIZE}


def inputs(hidden: dict[str, bytes]) -> NDArray[np.uint8]:
    """The hidden images as flat rows, without their labels."""
    images: NDArray[np.uint8] = mnist.read_idx(hidden[mnist.HIDDEN_FILES[0]])
    return images.reshape(len(images), -1)


def evaluate(logits: NDArray[np.float32], hidden: dict[str, bytes]) -> tuple[dict[str, float], int]:
    """Accuracy of scores (rows, 10) for the hidden images, and under the best renaming of the classes."""
    labels = mnist.read_idx(hidden[mnist.HIDDEN_FILES[1]])
    guesses = logits.argmax(axis=1)
    return {
        "accuracy": float((guesses == labels).mean()),
        "renamed_accuracy": mnist._renamed(guesses, labels),
    }, len(labels)
