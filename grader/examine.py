"""Asking the examiner: the data of a challenge before a run, the hidden test's number after it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from grader import gate
from grader.challenge import Challenge
from grader.errors import ExaminerError, GateError
from grader.exercise import Exercise
from grader.launch.drive import Line, ask_examiner
from grader.launch.lines import EXAMINER_LIMITS, Lines
from grader.models import Basis, Measurement
from sandbox import trace


@dataclass(frozen=True)
class Prepared:
    """The data of one challenge: files for the sandbox, files kept from it, and the exercise's numbers."""

    training: dict[str, bytes]
    hidden: dict[str, bytes]
    parameters: dict[str, int | float | str]


def prepare(line: Line, exercise: Exercise, challenge: Challenge) -> Prepared:
    """Have the examiner draw a challenge.  Raises ExaminerError."""
    request: dict[str, object] = {
        "op": "prepare",
        "exercise": exercise.slug,
        "seeds": {purpose: challenge.seed(purpose) for purpose in ("train", "hidden")},
    }
    files, answer = ask_examiner(line, {}, request, EXAMINER_LIMITS.deadline)
    parameters: Any = answer.get("parameters")
    if not isinstance(parameters, dict):
        raise ExaminerError("The examiner's answer holds no parameters.")
    return Prepared(_below(files, "training/"), _below(files, "hidden/"), parameters)


def _below(files: dict[str, bytes], prefix: str) -> dict[str, bytes]:
    return {name.removeprefix(prefix): data for name, data in files.items() if name.startswith(prefix)}


def measure(
    lines: Lines,
    exercise: Exercise,
    records: tuple[trace.Record, ...],
    weights: bytes,
    prepared: Prepared,
) -> Measurement:
    """The hidden test's number for the weights a run left, or why there is none."""
    basis: Basis = "verified" if lines.launcher.isolated else "observed"
    graded = next((item for item in reversed(records) if isinstance(item, trace.Graded)), None)
    if graded is None:
        return _measurement(exercise, None, 0, basis, "the run left no trained model")
    if graded.reason:
        return _measurement(exercise, None, 0, basis, f"the model could not be measured: {graded.reason}")
    try:
        gate.check_weights(weights, exercise.graded.shapes)
    except gate.NonFiniteWeightsError:
        return _measurement(exercise, math.nan, 0, basis, "the trained weights are not finite numbers")
    except GateError as error:
        return _measurement(exercise, None, 0, basis, f"the weights were refused: {error}")
    files = {f"hidden/{name}": content for name, content in prepared.hidden.items()}
    request: dict[str, object] = {
        "op": "measure",
        "exercise": exercise.slug,
        "scale": graded.scale,
        "shift": graded.shift,
    }
    try:
        _, answer = ask_examiner(
            lines.examiner(), files | {"weights.safetensors": weights}, request, EXAMINER_LIMITS.deadline
        )
        value = float(answer["metrics"][exercise.hidden.metric])
        samples = int(answer["samples"])
    except (KeyError, TypeError, ValueError) as error:
        raise ExaminerError("The examiner's answer holds no such metric.") from error
    return _measurement(exercise, value, samples, basis, "")


def _measurement(
    exercise: Exercise, value: float | None, samples: int, basis: Basis, reason: str
) -> Measurement:
    hidden = exercise.hidden
    return Measurement(
        metric=hidden.metric,
        value=value,
        threshold=hidden.threshold,
        better=hidden.better,
        samples=samples,
        basis=basis,
        reason=reason,
    )
