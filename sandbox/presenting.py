"""A script's own model, called once more when the run is over: on training rows, or on rows that it has not seen.

On training rows it is listened to, so that a trusted process can do what it does.  On unseen rows, which come without
labels and only into a run that nobody will execute again, its answers are handed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from sandbox import trace
from sandbox.inputs import Inputs, Rows, logits_of, scores
from sandbox.spies.bodies import Body

if TYPE_CHECKING:
    from sandbox.results import Results
    from sandbox.spies.recorder import Recorder
    from sandbox.spies.registry import ModuleInfo

MESSAGE = 200  # characters of an exception's text that are kept


def present(
    recorder: Recorder, results: Results, namespace: dict[str, Any], unseen: Rows | None
) -> list[torch.Tensor]:
    """Call the graded module in evaluation mode, and write what became of it.

    For `unseen` raw rows (n, width): the logits of the trained module, and with its first state, (n, outputs) each;
    [] without such rows, or where it cannot be called.
    """
    module, info, _ = results.choose(namespace)
    inputs = None if info is None else results.inputs_of(info)
    if module is None or info is None or inputs is None:
        return []
    body, untold, reason = -1, "", ""
    answers: list[torch.Tensor] = []
    with recorder.unwatched():
        try:
            module.eval()
            if unseen is None:
                body, untold = _heard(recorder, results, info, module, inputs)
            else:
                answers = _answers(results, info, module, unseen, inputs)
        except BaseException as error:  # noqa: BLE001 - whatever the student's code raises is its result
            reason = _told(error)
    recorder.write(
        trace.Presented(
            module=info.number,
            rows=inputs.rows,
            shape=list(inputs.shape),
            dtype=str(inputs.dtype).removeprefix("torch."),
            scale=inputs.scale,
            shift=inputs.shift,
            body=body,
            untold=untold,
            reason=reason,
        )
    )
    return answers


def _heard(
    recorder: Recorder, results: Results, info: ModuleInfo, module: torch.nn.Module, inputs: Inputs
) -> tuple[int, str]:
    """Listen to a forward: the number of its body (-1 where none is needed), and why it cannot be told, or ""."""
    making = recorder.making
    if making is None:
        return -1, "nothing is told of what the file makes"
    batch = inputs.batch(results.some_rows(inputs.rows))
    with torch.no_grad():
        recorder.body = body = Body(module, (batch,), recorder.registry.find, recorder.shield)
        try:
            with body:
                output = module(batch)
        finally:
            recorder.body = None
    scores(output, inputs.rows, results.outputs)
    return making.presented(info, body, output)


def _answers(
    results: Results, info: ModuleInfo, module: torch.nn.Module, unseen: Rows, inputs: Inputs
) -> list[torch.Tensor]:
    """The logits of the trained module, and those it gives with the state of its first training forward."""
    trained = logits_of(module, unseen, inputs, results.outputs, _calmly)
    state, first = results.state_of(module), results.first_state(info)
    if [tensor.shape for tensor in state] != [tensor.shape for tensor in first]:
        raise ValueError("its parameters are others than when it was first called")
    kept = [tensor.detach().clone() for tensor in state]
    try:
        _put(state, first)
        return [trained, logits_of(module, unseen, inputs, results.outputs, _calmly)]
    finally:
        _put(state, kept)


def _put(state: list[torch.Tensor], values: list[torch.Tensor]) -> None:
    with torch.no_grad():
        for tensor, value in zip(state, values, strict=True):
            tensor.copy_(value)


def _calmly() -> None:
    """The run's own deadline ends what takes too long."""


def _told(error: BaseException) -> str:
    """What an exception of a forward means, as a clause."""
    try:
        message = str(error).split("\n")[0][:MESSAGE]
    except BaseException:  # noqa: BLE001 - a student's own __str__
        message = ""
    if isinstance(error, ValueError) and message.startswith("its "):
        return message
    return f"its forward fails in evaluation mode: {type(error).__name__[:80]}: {message}"
