"""The challenge of the two exercises that fit a line by hand: its points, and the judge of the lines found.

The line's slope and intercept, the batch size, the rate and the number of epochs follow from the seed "train", like
the points; where the line is tested follows from "hidden", which the sandbox never sees.  The loop is called
twice: with a number of points that the batch size divides, and with all of them, which leaves a short batch.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from grader.examiner.answers import Answers, Judgement
from grader.examiner.linreg.case import line_of
from grader.examiner.linreg.judge import judge_lines

HIDDEN_POINTS = 2_000
NOISE = 0.3
REACH = 2.0  # x lies in [-REACH, REACH]
BATCH_SIZES = (12, 16, 20)
FEWEST_POINTS = 120
FEWEST_EPOCHS, MOST_EPOCHS = 5, 8
SLOWEST, FASTEST = 0.045, 0.065  # the lesson's rate is 0.05

Floats = npt.NDArray[np.float64]
Files = dict[str, bytes]
Parameters = dict[str, int | float | str]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, Parameters]:
    """Training files, hidden files and parameters of one challenge.

    `seeds` holds "train" and "hidden", of any number of bits.  Both sets of files are "x.npy" and "y.npy",
    float64 of shape (points,); the hidden ones lie on the line itself, without noise.  Of the parameters
    `samples` counts the points of the longer call and `even` those of the shorter one.
    `real` (a folder of real data) is not used: there is none for this exercise.
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    slope = random.choice([-1.0, 1.0]) * random.uniform(1.4, 2.2)
    intercept = random.choice([-1.0, 1.0]) * random.uniform(0.3, 0.9)
    size = int(random.choice(BATCH_SIZES))
    even = size * (-(-FEWEST_POINTS // size) + int(random.integers(0, 2)))
    points = even + int(random.integers(2, size // 2, endpoint=True))
    x = random.uniform(-REACH, REACH, size=points)
    y = slope * x + intercept + random.normal(0.0, NOISE, size=points)
    parameters: Parameters = {
        "epochs": int(random.integers(FEWEST_EPOCHS, MOST_EPOCHS, endpoint=True)),
        "batch_size": size,
        "lr": round(float(random.uniform(SLOWEST, FASTEST)), 4),
        "samples": points,
        "even": even,
    }

    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    hidden_x = secret.uniform(-REACH, REACH, size=HIDDEN_POINTS)
    return _files(x, y), _files(hidden_x, slope * hidden_x + intercept), parameters


def judge(answers: Answers, training: Files, hidden: Files, parameters: Parameters) -> Judgement:
    """What is wrong with the returned lines, and the mean squared error of the last one on the hidden points."""
    judgement = judge_lines(
        answers,
        _array(training["x.npy"]),
        _array(training["y.npy"]),
        {"even": int(parameters["even"]), "uneven": int(parameters["samples"])},
        int(parameters["batch_size"]),
        int(parameters["epochs"]),
        float(parameters["lr"]),
    )
    answer = answers.case("train", "uneven")
    line = line_of(answer.value) if answer is not None else None
    if line is not None:
        x, y = _array(hidden["x.npy"]), _array(hidden["y.npy"])
        with np.errstate(all="ignore"):
            judgement.metrics["mse"] = float(np.mean((line[0] * x + line[1] - y) ** 2))
        judgement.samples = len(x)
    return judgement


def _files(x: Floats, y: Floats) -> Files:
    return {"x.npy": _npy(x), "y.npy": _npy(y)}


def _npy(values: Floats) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> Floats:
    values: Floats = np.load(io.BytesIO(content), allow_pickle=False)
    return values
