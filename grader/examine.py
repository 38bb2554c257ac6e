"""Asking the examiner: the data of a challenge before a run, the hidden test's number after it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from grader import gate
from grader.challenge import Challenge
from grader.errors import ExaminerError, GateError
from grader.exercise import Exercise, Hidden
from grader.initial import first_weights
from grader.launch.drive import Line, ask_examiner
from grader.launch.lines import Lines
from grader.launch.pool import EXAMINER_LIMITS
from grader.logits import Logits, finite, measured
from grader.models import Basis, Judged, Measurement
from sandbox import trace


@dataclass(frozen=True)
class Prepared:
    """The data of one challenge: files for the sandbox, files kept from it, and the exercise's numbers."""

    training: dict[str, bytes]
    hidden: dict[str, bytes]
    parameters: dict[str, int | float | str]


def prepare(line: Line, exercise: Exercise, challenge: Challenge, *, replays: bool = False) -> Prepared:
    """Have the examiner draw a challenge; `replays` will follow.  Raises ExaminerError."""
    request: dict[str, object] = {
        "op": "prepare",
        "exercise": exercise.slug,
        "seeds": {purpose: challenge.seed(purpose) for purpose in ("train", "hidden")},
        "replays": replays,
    }
    files, answer = ask_examiner(line, {}, request, EXAMINER_LIMITS.deadline)
    parameters: Any = answer.get("parameters")
    if not isinstance(parameters, dict):
        raise ExaminerError("The examiner's answer holds no parameters.")
    return Prepared(_below(files, "training/"), _below(files, "hidden/"), parameters)


def _below(files: dict[str, bytes], prefix: str) -> dict[str, bytes]:
    return {name.removeprefix(prefix): data for name, data in files.items() if name.startswith(prefix)}


@dataclass(frozen=True)
class Judgement:
    """What task.judge says about returned values: findings, and numbers of the hidden test where it has one."""

    items: tuple[Judged, ...]
    metrics: dict[str, float]
    samples: int


def basis_of(lines: Lines) -> Basis:
    """What the examiner computes is verified where the student's code could not reach it."""
    return "verified" if lines.launcher.isolated else "observed"


def judged(
    lines: Lines, exercise: Exercise, records: tuple[trace.Record, ...], prepared: Prepared
) -> Judgement | None:
    """Have the examiner judge the values that the student's functions gave; None where the exercise has no judge.

    Raises ExaminerError.
    """
    if not exercise.judge:
        return None
    answers = [record for record in records if isinstance(record, trace.Answer)]
    files = {f"hidden/{name}": content for name, content in prepared.hidden.items()}
    files |= {f"training/{name}": content for name, content in prepared.training.items()}
    files["answers.jsonl"] = b"".join(trace.encode(record) for record in answers)
    request: dict[str, object] = {
        "op": "judge",
        "exercise": exercise.slug,
        "parameters": prepared.parameters,
    }
    _, answer = ask_examiner(lines.examiner(), files, request, EXAMINER_LIMITS.deadline)
    try:
        items = tuple(Judged(**item) for item in answer["judged"])
        metrics = {str(name): float(value) for name, value in answer["metrics"].items()}
        return Judgement(items, metrics, int(answer["samples"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ExaminerError("The examiner's answer holds no judgement.") from error


def measure(
    lines: Lines,
    exercise: Exercise,
    records: tuple[trace.Record, ...],
    weights: bytes,
    prepared: Prepared,
    judgement: Judgement | None = None,
    logits: Logits | None = None,
) -> Measurement | None:
    """The hidden test's number for the weights a run left (or the values or logits it gave), or why there is none.

    None where the exercise has no hidden test.
    """
    if exercise.hidden is None:
        return None
    basis = basis_of(lines)
    if exercise.graded is None:
        value = judgement.metrics.get(exercise.hidden.metric) if judgement else None
        reason = "" if value is not None else "the run left nothing that could be measured"
        return _measurement(exercise.hidden, value, judgement.samples if judgement else 0, basis, reason)
    graded = next((item for item in reversed(records) if isinstance(item, trace.Graded)), None)
    if graded is None:
        return _measurement(exercise.hidden, None, 0, basis, "the run left no trained model")
    if graded.reason:
        return _measurement(
            exercise.hidden, None, 0, basis, f"the model could not be measured: {graded.reason}"
        )
    own = exercise.own
    try:
        shapes = gate.handed_over(records, own["parameters"]) if own else exercise.shapes
        gate.check_weights(weights, shapes)
    except gate.NonFiniteWeightsError:
        return _measurement(exercise.hidden, math.nan, 0, basis, "the trained weights are not finite numbers")
    except GateError as error:
        return _measurement(exercise.hidden, None, 0, basis, f"the weights were refused: {error}")
    if own:
        return _asked(lines, exercise, exercise.hidden, logits, prepared)
    return _measured(lines, exercise, exercise.hidden, graded, weights, prepared)


def _asked(
    lines: Lines,
    exercise: Exercise,
    hidden: Hidden,
    logits: Logits | None,
    prepared: Prepared,
    *,
    first: bool = False,
) -> Measurement:
    """The number for the logits of a model of the file's own architecture, or of the one that it was at `first`."""
    scores = b"" if logits is None else logits.first if first else logits.trained
    if logits is None or not scores:
        why = logits.reason if logits is not None else ""
        reason = f"the model could not be asked about hidden inputs{f': {why}' if why else ''}"
        return _measurement(hidden, None, 0, "observed", reason)
    if not finite(scores):
        return _measurement(
            hidden, math.nan, 0, logits.basis, "its scores for hidden inputs are not finite numbers"
        )
    value, samples = measured(lines, exercise, prepared.hidden, scores, hidden.metric)
    return _measurement(hidden, value, samples, logits.basis, logits.told)


def untrained(
    lines: Lines,
    exercise: Exercise,
    records: tuple[trace.Record, ...],
    prepared: Prepared,
    logits: Logits | None = None,
) -> Measurement | None:
    """What the first weights of the graded module reach on hidden data, where a script made it.

    None where the exercise does not ask, or where they were not told.
    """
    hidden = exercise.hidden
    if hidden is None or hidden.untrained is None or exercise.graded is None:
        return None
    limit = Hidden(metric=hidden.untrained.metric, threshold=hidden.untrained.most, better="lower")
    if exercise.own:
        return _asked(lines, exercise, limit, logits, prepared, first=True)
    graded = next((item for item in reversed(records) if isinstance(item, trace.Graded)), None)
    weights = first_weights(records, exercise.graded.shapes, graded.module) if graded else b""
    if graded is None or not weights:
        return None
    try:
        gate.check_weights(weights, exercise.graded.shapes)
    except GateError:
        return None
    return _measured(lines, exercise, limit, graded, weights, prepared)


def _measured(
    lines: Lines, exercise: Exercise, hidden: Hidden, graded: trace.Graded, weights: bytes, prepared: Prepared
) -> Measurement:
    """Have the examiner measure gated weights.  Raises ExaminerError."""
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
        value = float(answer["metrics"][hidden.metric])
        samples = int(answer["samples"])
    except (KeyError, TypeError, ValueError) as error:
        raise ExaminerError("The examiner's answer holds no such metric.") from error
    return _measurement(hidden, value, samples, basis_of(lines), "")


def _measurement(hidden: Hidden, value: float | None, samples: int, basis: Basis, reason: str) -> Measurement:
    return Measurement(
        metric=hidden.metric,
        value=value,
        threshold=hidden.threshold,
        better=hidden.better,
        samples=samples,
        basis=basis,
        reason=reason,
    )
