"""The points of mixed-precision, drawn from a challenge, and the hidden test.  The examiner alone runs this.

Each of four classes has two clouds of points, on opposite sides of the origin, so that no straight cut
tells the classes apart.  Where the clouds lie follows from the seed "train"; the hidden points around
them follow from "hidden", which the sandbox never sees.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

CLASSES, INPUTS = 4, 8
POINTS, HIDDEN_POINTS = 768, 2_000
SPREAD, REACH = 0.6, 2.4  # of a cloud, and its distance from the origin
BATCH_SIZE, RATE, MOMENTUM = 32, 0.05, 0.9
FEWEST_EPOCHS, MOST_EPOCHS = 6, 9

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Files = dict[str, bytes]
Scores = dict[str, float]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """Training files, hidden files and parameters of one challenge.

    `seeds` holds "train" and "hidden", of any number of bits.  Both sets of files are "x.npy", float32 of
    shape (points, 8), and "y.npy", int64 of shape (points,).  `real` is not used.
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    directions, _ = np.linalg.qr(random.normal(size=(INPUTS, INPUTS)))
    centres = REACH * directions[:CLASSES]  # orthogonal: no two clouds come close
    parameters: dict[str, int | float | str] = {
        "epochs": int(random.integers(FEWEST_EPOCHS, MOST_EPOCHS, endpoint=True)),
        "max_norm": round(float(random.uniform(0.25, 0.4)), 3),
        "init_scale": float(random.integers(3_000_000, 6_000_000)),
        "scaling": 1,
        "autocast": 1,
        "batch_size": BATCH_SIZE,
        "lr": RATE,
        "momentum": MOMENTUM,
        "samples": POINTS,
    }
    training = _points(random, centres, POINTS)
    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    return _files(*training), _files(*_points(secret, centres, HIDDEN_POINTS)), parameters


def evaluate(weights: list[Floats], hidden: Files, scale: float, shift: float) -> tuple[Scores, int]:
    """The share of hidden points that a network gets right, and how many they are.

    `weights` are (32, 8), (32,), (4, 32) and (4,); the network's input is `scale * x + shift`.
    """
    first, first_bias, second, second_bias = (np.asarray(values, dtype=np.float64) for values in weights)
    x, y = _array(hidden["x.npy"]).astype(np.float64), _array(hidden["y.npy"])
    inner = np.maximum((scale * x + shift) @ first.T + first_bias, 0.0)
    right = (inner @ second.T + second_bias).argmax(axis=1) == y
    return {"accuracy": float(np.mean(right))}, len(y)


def _points(random: np.random.Generator, centres: Floats, count: int) -> tuple[Floats, Integers]:
    labels = random.permutation(np.arange(count) % CLASSES)
    sides = random.choice([-1.0, 1.0], size=(count, 1))
    return sides * centres[labels] + random.normal(0.0, SPREAD, size=(count, INPUTS)), labels


def _files(x: Floats, y: Integers) -> Files:
    return {"x.npy": _npy(x.astype(np.float32)), "y.npy": _npy(y.astype(np.int64))}


def _npy(values: npt.NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> npt.NDArray[np.generic]:
    values: npt.NDArray[np.generic] = np.load(io.BytesIO(content), allow_pickle=False)
    return values
