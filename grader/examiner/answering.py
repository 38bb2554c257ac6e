"""A script's own model on inputs that no run has seen: computed here, with the weights that a replay came to.

What is called are the layers of torch.nn and the bodies that the machine executed, or one that was told when the run
was over; no student's code.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from grader.examiner.modules import Told
from grader.examiner.things import Things, TooLong
from sandbox import trace
from sandbox.inputs import Rows, logits_of
from sandbox.results import Results

MADE_OF_NUMBERS = ("tensor", "as_tensor", "scalar_tensor", "new_tensor", "__setitem__")
MOST_BROUGHT = 64
"""Numbers in a forward's text; a table that answers for a model has far more."""


@dataclass(frozen=True)
class Answered:
    """Logits as 32-bit floats, of the trained model and of the one that it was at first; or why there are none."""

    trained: bytes = b""
    first: bytes = b""
    reason: str = ""


def answered(
    results: Results,
    namespace: Mapping[str, Any],
    things: Things,
    records: Sequence[trace.Record],
    unseen: Rows,
    until: float,
) -> Answered:
    """What the graded module gives for raw rows (n, width), trained and as it was at first.  It is not put back.

    `records` are the claimed ones, of which only the last body is used; `until` is a time of time.monotonic().
    """
    module, info, reason = results.choose(dict(namespace))
    inputs = None if info is None else results.inputs_of(info)
    told = next((item for item in reversed(records) if isinstance(item, trace.Presented)), None)
    if module is None or info is None or inputs is None or told is None:
        return Answered(reason=reason or "its inputs could not be traced back to the raw data")
    if told.reason or told.untold:
        return Answered(reason=told.reason or told.untold)
    if (told.module, told.rows, tuple(told.shape)) != (info.number, inputs.rows, inputs.shape):
        return Answered(reason="what it was called with when the run was over is not what it was trained on")
    if isinstance(module, Told):
        module.body = body = things.bodies.get(told.body)
        if body is not None and brought(body.ops) > MOST_BROUGHT:
            return Answered(reason="its forward brings many numbers along")

    def hurry() -> None:
        if time.monotonic() > until:
            raise TooLong("its answers took longer than they may")

    try:
        module.eval()
        trained = logits_of(module, unseen, inputs, results.outputs, hurry)
        things.begin_anew(module)
        first = logits_of(module, unseen, inputs, results.outputs, hurry)
    except Exception as error:  # noqa: BLE001 - whatever torch makes of what is claimed
        return Answered(reason=f"it cannot be called here: {type(error).__name__}: {error}"[:300])
    return Answered(_bytes(trained), _bytes(first))


def brought(ops: Sequence[Any]) -> int:
    """How many numbers stand in a body's operations that make tensors of numbers."""
    return sum(
        _numbers(op[2:4]) for op in ops if op[0] in "=~" and str(op[1]).rpartition(".")[2] in MADE_OF_NUMBERS
    )


def _numbers(told: Any) -> int:
    if isinstance(told, dict):
        return sum(map(_numbers, told.values()))
    if isinstance(told, (list, tuple)):
        return sum(map(_numbers, told))
    return int(isinstance(told, (int, float)) and not isinstance(told, bool))


def _bytes(logits: torch.Tensor) -> bytes:
    return np.ascontiguousarray(logits.numpy(), dtype="<f4").tobytes()
