"""The points of linreg-torch, drawn from a challenge, and the hidden test.  The examiner alone runs this.

Only the examiner runs this.
The line's slope and intercept follow from the seed "train", like the points the student trains on;
where the line is tested follows from "hidden", which the sandbox never sees.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

POINTS, HIDDEN_POINTS = 128, 2_000
NOISE = 0.3
REACH = 2.0  # x lies in [-REACH, REACH]
BATCH_SIZE, RATE = 16, 0.05
FEWEST_EPOCHS, MOST_EPOCHS = 20, 28
"""20 epochs are 160 steps, or 40 where 4 micro-batches make a step: 0.9 ** 40 of the way is left then."""

Floats = npt.NDArray[np.float64]
Files = dict[str, bytes]
Scores = dict[str, float]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """Training files, hidden files and parameters of one challenge.

    `seeds` holds "train" and "hidden", of any number of bits.  Both sets of files are "x.npy" and
    "y.npy", float32 of shape (points, 1); the hidden ones lie on the line itself, without noise.
    `real` (a folder of real data) is not used: there is none for this exercise.
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    slope = random.choice([-1.0, 1.0]) * random.uniform(1.4, 2.2)
    intercept = random.choice([-1.0, 1.0]) * random.uniform(0.3, 1.2)
    epochs = int(random.integers(FEWEST_EPOCHS, MOST_EPOCHS, endpoint=True))
    x = random.uniform(-REACH, REACH, size=(POINTS, 1))
    y = slope * x + intercept + random.normal(0.0, NOISE, size=(POINTS, 1))

    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    hidden_x = secret.uniform(-REACH, REACH, size=(HIDDEN_POINTS, 1))
    hidden_y = slope * hidden_x + intercept
    parameters: dict[str, int | float | str] = {"epochs": epochs, "batch_size": BATCH_SIZE, "lr": RATE}
    parameters["samples"] = POINTS
    return _files(x, y), _files(hidden_x, hidden_y), parameters


def evaluate(weights: list[Floats], hidden: Files, scale: float, shift: float) -> tuple[Scores, int]:
    """The mean squared error of a line on the hidden points, and how many they are.

    `weights` are the slope, shape (1, 1), and the intercept, shape (1,); the line's input is
    `scale * x + shift`.
    """
    slope, intercept = (np.asarray(values, dtype=np.float64) for values in weights)
    x, y = _array(hidden["x.npy"]), _array(hidden["y.npy"])
    error = (scale * x + shift) @ slope.T + intercept - y
    return {"mse": float(np.mean(error**2))}, len(x)


def _files(x: Floats, y: Floats) -> Files:
    return {"x.npy": _npy(x), "y.npy": _npy(y)}


def _npy(values: Floats) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values.astype(np.float32), allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> Floats:
    values: Floats = np.load(io.BytesIO(content), allow_pickle=False).astype(np.float64)
    return values
