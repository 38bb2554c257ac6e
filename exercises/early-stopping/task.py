"""The points of early-stopping, drawn from a challenge, and the hidden test.  The examiner alone runs this.

Three clouds of points, few of them to train on, and many of those with a wrong label: a large network first
learns the clouds and then the wrong labels by heart, so that the validation loss falls, turns and rises.
Where the clouds lie follows from the seed "train"; the hidden points, whose labels are right, from "hidden".
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

CLASSES, INPUTS = 3, 20
POINTS, VAL_POINTS, HIDDEN_POINTS = 32, 320, 2_000
REACH = 3.0  # of a cloud's centre from the origin; the clouds' spread is 1
WRONG = 0.35  # share of labels drawn anew, in the training and the validation set
BATCH_SIZE, VAL_BATCH_SIZE = 2, 64
RATE, DROPOUT = 0.001, 0.8
MAX_EPOCHS = 50
LEAST_PATIENCE, MOST_PATIENCE = 4, 6

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Files = dict[str, bytes]
Scores = dict[str, float]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """Training files, hidden files and parameters of one challenge.

    `seeds` holds "train" and "hidden", of any number of bits.  Files are float32 points of shape (points, 20)
    and int64 labels of shape (points,).  `real` is not used: there are no real data for this exercise.
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    centres = random.normal(size=(CLASSES, INPUTS))
    centres *= REACH / np.linalg.norm(centres, axis=1, keepdims=True)
    parameters: dict[str, int | float | str] = {
        "max_epochs": MAX_EPOCHS,
        "patience": int(random.integers(LEAST_PATIENCE, MOST_PATIENCE, endpoint=True)),
        "batch_size": BATCH_SIZE,
        "val_batch_size": VAL_BATCH_SIZE,
        "lr": RATE,
        "dropout": DROPOUT,
        "samples": POINTS,
    }
    training = _files("train-", *_points(random, centres, POINTS, WRONG))
    training |= _files("val-", *_points(random, centres, VAL_POINTS, WRONG))
    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    return training, _files("", *_points(secret, centres, HIDDEN_POINTS, 0.0)), parameters


def evaluate(weights: list[Floats], hidden: Files, scale: float, shift: float) -> tuple[Scores, int]:
    """The share of hidden points that a network gets right, and how many they are.

    `weights`: a layer (128, 20) and (128,), a layer (3, 128) and (3,).  The network's input is `scale * x + shift`.
    """
    first, first_bias, second, second_bias = (np.asarray(values, dtype=np.float64) for values in weights)
    x, y = _array(hidden["x.npy"]).astype(np.float64), _array(hidden["y.npy"])
    inner = np.maximum((scale * x + shift) @ first.T + first_bias, 0.0)
    right = (inner @ second.T + second_bias).argmax(axis=1) == y
    return {"accuracy": float(np.mean(right))}, len(y)


def _points(
    random: np.random.Generator, centres: Floats, count: int, wrong: float
) -> tuple[Floats, Integers]:
    labels = random.permutation(np.arange(count) % CLASSES)
    x = centres[labels] + random.normal(size=(count, INPUTS))
    other = random.integers(0, CLASSES, size=count)
    return x, np.where(random.random(count) < wrong, other, labels)


def _files(prefix: str, x: Floats, y: Integers) -> Files:
    return {f"{prefix}x.npy": _npy(x.astype(np.float32)), f"{prefix}y.npy": _npy(y.astype(np.int64))}


def _npy(values: npt.NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> npt.NDArray[np.generic]:
    values: npt.NDArray[np.generic] = np.load(io.BytesIO(content), allow_pickle=False)
    return values
