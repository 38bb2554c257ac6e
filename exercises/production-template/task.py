"""The points of production-template, drawn from a challenge, and the hidden test.  The examiner alone runs this.

Each of four classes has two clouds of points on opposite sides of the origin, and one label in twenty is
wrong in the training set.  Where the clouds lie follows from the seed "train"; the hidden points, whose
labels are right, follow from "hidden", which the sandbox never sees.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from grader.examiner.answers import Answers, Judgement, described
from sandbox.answers import Other

CLASSES, INPUTS = 4, 16
POINTS, VAL_POINTS, HIDDEN_POINTS = 768, 256, 2_000
SPREAD, REACH = 0.7, 2.8  # of a cloud, and its distance from the origin
WRONG = 0.05  # share of training labels
BATCH_SIZE = 32
LOWEST_RATE, HIGHEST_RATE = 0.004, 0.008
MAX_NORM = 1.0
FEWEST_EPOCHS, MOST_EPOCHS = 6, 9
EPSILON = 1e-5  # of the batch norm

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Files = dict[str, bytes]
Scores = dict[str, float]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """Training files, hidden files and parameters of one challenge.

    `seeds` holds "train" and "hidden", of any number of bits.  Files are float32 points of shape (points, 16)
    and int64 labels of shape (points,).  `real` is not used.
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    directions, _ = np.linalg.qr(random.normal(size=(INPUTS, INPUTS)))
    centres = REACH * directions[:CLASSES]  # orthogonal: no two clouds come close
    parameters: dict[str, int | float | str] = {
        "epochs": int(random.integers(FEWEST_EPOCHS, MOST_EPOCHS, endpoint=True)),
        "lr": round(float(random.uniform(LOWEST_RATE, HIGHEST_RATE)), 5),
        "batch_size": BATCH_SIZE,
        "samples": POINTS,
        "max_norm": MAX_NORM,
        "schedule": "own",
        "validated": 1,
    }
    x, y = _points(random, centres, POINTS)
    wrong = random.random(POINTS) < WRONG
    y = np.where(wrong, random.integers(0, CLASSES, size=POINTS), y)
    training = _files("train-", x, y) | _files("val-", *_points(random, centres, VAL_POINTS))
    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    return training, _files("", *_points(secret, centres, HIDDEN_POINTS)), parameters


def evaluate(weights: list[Floats], hidden: Files, scale: float, shift: float) -> tuple[Scores, int]:
    """The share of hidden points that a network gets right in evaluation mode, and how many they are.

    `weights`: a layer (64, 16) and (64,); a batch norm's weight, bias, running mean and variance, (64,) each;
    a layer (4, 64) and (4,).  The network's input is `scale * x + shift`.
    """
    first, first_bias, weight, bias, mean, variance, second, second_bias = (
        np.asarray(values, dtype=np.float64) for values in weights
    )
    x, y = _array(hidden["x.npy"]).astype(np.float64), _array(hidden["y.npy"])
    inner = (scale * x + shift) @ first.T + first_bias
    inner = np.maximum((inner - mean) / np.sqrt(np.abs(variance) + EPSILON) * weight + bias, 0.0)
    right = (inner @ second.T + second_bias).argmax(axis=1) == y
    return {"accuracy": float(np.mean(right))}, len(y)


def judge(
    answers: Answers, training: Files, hidden: Files, parameters: dict[str, int | float | str]
) -> Judgement:
    """Whether `train` returned a model: anything that is neither a number, a text nor a container may be one."""
    judgement = Judgement()
    for answer in answers.of("train"):
        if isinstance(answer.value, Other):
            judgement.clear("wrong-value", "train")
        else:
            what = "nothing" if answer.value is None else described(answer.value)
            judgement.found(
                "wrong-value", "train", f"`train` should return the trained model; it returned {what}."
            )
    return judgement


def _points(random: np.random.Generator, centres: Floats, count: int) -> tuple[Floats, Integers]:
    labels = random.permutation(np.arange(count) % CLASSES)
    sides = random.choice([-1.0, 1.0], size=(count, 1))
    return sides * centres[labels] + random.normal(0.0, SPREAD, size=(count, INPUTS)), labels


def _files(prefix: str, x: Floats, y: Integers) -> Files:
    return {f"{prefix}x.npy": _npy(x.astype(np.float32)), f"{prefix}y.npy": _npy(y.astype(np.int64))}


def _npy(values: npt.NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> npt.NDArray[np.generic]:
    values: npt.NDArray[np.generic] = np.load(io.BytesIO(content), allow_pickle=False)
    return values
