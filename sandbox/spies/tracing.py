"""Tracing: every function of torch that the student's own code calls, with its operands.

It makes each call slower, so it is on only in a second run of a file whose first run could not be executed again.
What runs inside the calls that spies tell as one (a forward, a loss, a step, a clip) is not told.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, resolve_name

from sandbox.spies.operands import leaves
from sandbox.spies.recorder import Recorder

OURS = str(Path(__file__).resolve().parents[1])
TORCH = str(Path(torch.__file__).resolve().parent)
SILENT = ("torch.Tensor.backward", "torch.Tensor.grad.__get__")
INTERNAL = tuple(f"{TORCH}/{part}" for part in ("optim/", "nn/utils/clip_grad.py", "amp/", "utils/data/", "autograd/"))


class Tracer(TorchFunctionMode):
    """Tells a recorder's script of each call."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder
        recorder.script.tracing = True
        recorder.steady.stop()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """See torch.overrides."""
        kwargs = kwargs or {}
        recorder = self._recorder
        script = recorder.script
        if recorder.elsewhere or recorder.depth or script.busy or not _is_told(sys._getframe(1)):
            return func(*args, **kwargs)
        name = resolve_name(func) or f"torch.{getattr(func, '__name__', '')}"
        if name in SILENT:
            return func(*args, **kwargs)
        if recorder.differentiating:
            script.unknown("", "a hook")  # when it ran among the others cannot be told
            return func(*args, **kwargs)
        op = recorder.shield(script.called, name, args, kwargs)
        told = len(script.ops), script.operands.stretch
        result = func(*args, **kwargs)
        beats = (len(script.ops), script.operands.stretch) != told
        if op is not None and not beats and (result is None or leaves(result)):
            recorder.shield(script.gave, op, result)
        return result


def _is_told(frame: FrameType | None) -> bool:
    """Whether a call comes from the student's code, perhaps through torch's own and a spy's wrapper."""
    direct = True
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(OURS):
            if direct:
                return False
        elif not file.startswith(TORCH):
            return True
        elif file.startswith(INTERNAL):
            return False
        direct = False
        frame = frame.f_back
    return False
