"""The points of circles, drawn from a challenge, and the hidden test.  The examiner alone runs this."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

POINTS, HIDDEN_POINTS = 320, 2_000
BATCH_SIZE, RATE, MOMENTUM = 32, 0.1, 0.9
FEWEST_EPOCHS, MOST_EPOCHS = 40, 50
NOISE = 0.1

Floats = npt.NDArray[np.float64]
Files = dict[str, bytes]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """Training files, hidden files and parameters of one challenge.

    Both sets of files are "x.npy", float32 of shape (points, 2), and "y.npy", int64 of shape (points,): class 1
    on the inner circle, class 0 on the outer one.  Radii, centre and epochs follow from the seed "train".
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    inner = random.uniform(0.5, 0.65)
    radii = np.array([inner + random.uniform(0.65, 0.8), inner])
    centre = random.uniform(-0.3, 0.3, 2)
    epochs = int(random.integers(FEWEST_EPOCHS, MOST_EPOCHS, endpoint=True))
    training = _files(random, POINTS, radii, centre)
    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    parameters: dict[str, int | float | str] = {"epochs": epochs, "batch_size": BATCH_SIZE, "lr": RATE}
    parameters |= {"momentum": MOMENTUM, "samples": POINTS}
    return training, _files(secret, HIDDEN_POINTS, radii, centre), parameters


def _files(random: np.random.Generator, count: int, radii: Floats, centre: Floats) -> Files:
    labels = np.arange(count) % 2
    angle = random.uniform(0, 2 * math.pi, count)
    ring = radii[labels, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = centre + ring + random.normal(0, NOISE, (count, 2))
    return {"x.npy": _npy(points.astype(np.float32)), "y.npy": _npy(labels.astype(np.int64))}


def _npy(values: npt.NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def evaluate(
    weights: list[Floats], hidden: Files, scale: float, shift: float
) -> tuple[dict[str, float], int]:
    """The share of hidden points that the network classifies rightly, and how many points there are.

    `weights` are those of Linear(2, 24), ReLU, Linear(24, 2); its input is `scale * x + shift`.
    """
    first, first_bias, second, second_bias = (np.asarray(part, dtype=np.float64) for part in weights)
    x, y = (np.load(io.BytesIO(hidden[name]), allow_pickle=False) for name in ("x.npy", "y.npy"))
    scores = np.maximum((scale * x + shift) @ first.T + first_bias, 0) @ second.T + second_bias
    return {"accuracy": float(np.mean(scores.argmax(axis=1) == y))}, len(y)
