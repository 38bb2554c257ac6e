"""The points of sgd-from-scratch, drawn from a challenge, and the hidden test.  The examiner alone runs this."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

POINTS, HIDDEN_POINTS, CLASSES = 240, 2_000, 3
BATCH_SIZE, RATE = 24, 0.1
FEWEST_EPOCHS, MOST_EPOCHS = 24, 32

Floats = npt.NDArray[np.float64]
Files = dict[str, bytes]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """Training files, hidden files and parameters of one challenge.

    Both sets of files are "x.npy", float32 of shape (points, 2), and "y.npy", int64 of shape (points,): three
    clouds around the corners of a triangle, whose turn follows from the seed "train".
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    turn = random.uniform(0, 2 * math.pi)
    epochs = int(random.integers(FEWEST_EPOCHS, MOST_EPOCHS, endpoint=True))
    training = _files(random, POINTS, turn)
    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    parameters: dict[str, int | float | str] = {"epochs": epochs, "batch_size": BATCH_SIZE, "lr": RATE}
    parameters["samples"] = POINTS
    return training, _files(secret, HIDDEN_POINTS, turn), parameters


def _files(random: np.random.Generator, count: int, turn: float) -> Files:
    labels = np.arange(count) % CLASSES
    angle = turn + labels * 2 * math.pi / CLASSES
    centres = 1.5 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = centres + random.normal(0, 0.45, (count, 2))
    return {"x.npy": _npy(points.astype(np.float32)), "y.npy": _npy(labels.astype(np.int64))}


def _npy(values: npt.NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def evaluate(
    weights: list[Floats], hidden: Files, scale: float, shift: float
) -> tuple[dict[str, float], int]:
    """The share of hidden points that the network classifies rightly, and how many points there are.

    `weights` are those of Linear(2, 12), Tanh, Linear(12, 3); its input is `scale * x + shift`.
    """
    first, first_bias, second, second_bias = (np.asarray(part, dtype=np.float64) for part in weights)
    x, y = (np.load(io.BytesIO(hidden[name]), allow_pickle=False) for name in ("x.npy", "y.npy"))
    scores = np.tanh((scale * x + shift) @ first.T + first_bias) @ second.T + second_bias
    return {"accuracy": float(np.mean(scores.argmax(axis=1) == y))}, len(y)
