"""Models of a script's own architecture: what they give for the hidden inputs, as the hidden test takes it.

The inputs go out without their labels; what comes back is an array of a known size, and is compared with the labels
by the examiner alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader import gate
from grader.errors import ExaminerError
from grader.exercise import Exercise
from grader.launch.drive import ask_examiner
from grader.launch.lines import Lines
from grader.launch.pool import EXAMINER_LIMITS
from grader.models import Basis
from sandbox import trace

FLOAT = 4
"""Bytes of a number of inputs and logits."""


@dataclass(frozen=True)
class Logits:
    """Scores (rows, outputs) as 32-bit floats: of the trained model, and of the one it was at first.

    `rebuilt`: the examiner computed them, and no student's code had a part in them.  `reason` says why there are none.
    """

    trained: bytes = b""
    first: bytes = b""
    reason: str = ""
    rebuilt: bool = False
    basis: Basis = "observed"

    @property
    def told(self) -> str:
        """How they came about, in a sentence."""
        if self.rebuilt:
            return "The model was built again from what it did, and answered with the weights of the replay."
        return "The model answered in a second run of the file, in a fresh sandbox: that rests on the file's word."


def hidden_inputs(lines: Lines, exercise: Exercise, hidden: dict[str, bytes]) -> bytes:
    """The hidden inputs as 32-bit floats (rows, inputs), without their labels.  Raises ExaminerError."""
    files = {f"hidden/{name}": content for name, content in hidden.items()}
    request: dict[str, object] = {"op": "inputs", "exercise": exercise.slug}
    given, _ = ask_examiner(lines.examiner(), files, request, EXAMINER_LIMITS.deadline)
    if not given.get("inputs"):
        raise ExaminerError("The examiner's answer holds no inputs.")
    return given["inputs"]


def rows_of(exercise: Exercise, unseen: bytes) -> int:
    """How many rows hidden inputs have."""
    return len(unseen) // (FLOAT * (exercise.own or {})["inputs"])


def of_sandbox(
    exercise: Exercise, records: Sequence[trace.Record], weights: bytes, rows: int, trained: list[gate.Array]
) -> Logits:
    """The logits among what a run in a sandbox handed over, whose other tensors must be the `trained` ones.

    Raises GateError.
    """
    own = exercise.own or {}
    told = next((item for item in reversed(records) if isinstance(item, trace.Presented)), None)
    if told is None or told.reason:
        return Logits(reason=told.reason if told is not None else "it was not called when the run was over")
    shapes = [*gate.state_shapes(records, own["parameters"]), *[[rows, own["outputs"]]] * 2]
    *state, last, first = gate.read_tensors(weights, shapes)
    same = len(state) == len(trained) and all(
        one.dtype == two.dtype and one.tobytes() == two.tobytes()
        for one, two in zip(state, trained, strict=True)
    )
    if not same:
        return Logits(reason="run a second time, the file came to other weights")
    return Logits(_floats(last), _floats(first))


def _floats(array: gate.Array) -> bytes:
    return np.ascontiguousarray(array, dtype="<f4").tobytes()


def measured(
    lines: Lines, exercise: Exercise, hidden: dict[str, bytes], logits: bytes, metric: str
) -> tuple[float, int]:
    """A number of the hidden test for logits, and on how many samples.  Raises ExaminerError."""
    files = {f"hidden/{name}": content for name, content in hidden.items()}
    request: dict[str, object] = {"op": "measure", "exercise": exercise.slug}
    try:
        _, answer = ask_examiner(
            lines.examiner(), files | {"logits": logits}, request, EXAMINER_LIMITS.deadline
        )
        return float(answer["metrics"][metric]), int(answer["samples"])
    except (KeyError, TypeError, ValueError) as error:
        raise ExaminerError("The examiner's answer holds no such metric.") from error


def finite(logits: bytes) -> bool:
    """Whether all of them are numbers."""
    return bool(np.isfinite(np.frombuffer(logits, dtype="<f4")).all())
