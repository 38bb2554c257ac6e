"""Tracing: every function of torch that the student's own code calls, with its operands.

It makes each call slower, so it is on only in a second run of a file whose first run could not be executed again.
What runs inside the calls that spies tell as one (a forward, a loss, a step, a clip) is not told.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, resolve_name

from sandbox.spies.operands import leaves
from sandbox.spies.recorder import Recorder

OURS = str(Path(__file__).resolve().parents[1])
TORCH = str(Path(torch.__file__).resolve().parent)
SILENT = ("torch.Tensor.backward",)
HOOKS = ("torch.Tensor.register_hook", "torch.Tensor.register_post_accumulate_grad_hook")
GRADIENT = "torch.Tensor.grad.__get__"
DEEPCOPY = "__deepcopy__"
COPY = f"torch.Tensor.{DEEPCOPY}"
LAYERS = f"{TORCH}/nn/modules/"
INTERNAL = tuple(
    f"{TORCH}/{part}"
    for part in (
        "optim/optimizer.py",
        "optim/lr_scheduler.py",
        *(f"optim/{name.lower()}.py" for name in vars(torch.optim) if name[:1].isupper()),
        "amp/",
        "utils/data/",
        "utils/checkpoint.py",
        "autograd/",
    )
)


class Tracer(TorchFunctionMode):
    """Tells a recorder's script of each call."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder
        recorder.script.tracing = True
        recorder.steady.stop()
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> Tracer:
        """Also look at what passes by torch's functions: copies of parameters, and what is saved and loaded."""
        script = self._recorder.script
        copied: Callable[..., Any] = getattr(torch.nn.Parameter, DEEPCOPY)
        save, load = torch.save, torch.load

        def copy(parameter: torch.nn.Parameter, memo: Any) -> Any:
            busy, script.busy = script.busy, True
            try:
                result = copied(parameter, memo)
            finally:
                script.busy = busy
            if not busy and not self._recorder.elsewhere and not self._recorder.depth:
                op = self._recorder.shield(script.called, COPY, (parameter,), {})
                if op is not None:
                    self._recorder.shield(script.gave, op, result)
            return result

        def saved(thing: Any, *args: Any, **kwargs: Any) -> None:
            self._recorder.shield(script.saved, thing)
            save(thing, *args, **kwargs)

        def loaded(*args: Any, **kwargs: Any) -> Any:
            busy, script.busy = script.busy, True
            try:
                thing = load(*args, **kwargs)
            finally:
                script.busy = busy
            self._recorder.shield(script.loaded, thing)
            return thing

        setattr(torch.nn.Parameter, DEEPCOPY, copy)
        torch.save, torch.load = saved, loaded  # type: ignore[assignment]

        def undo() -> None:
            setattr(torch.nn.Parameter, DEEPCOPY, copied)
            torch.save, torch.load = save, load

        self._undo.append(undo)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: Any) -> None:
        """Look away again."""
        while self._undo:
            self._undo.pop()()
        super().__exit__(*error)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """See torch.overrides."""
        kwargs = kwargs or {}
        recorder = self._recorder
        script = recorder.script
        if (
            recorder.elsewhere
            or recorder.depth
            or script.busy
            or script.asking
            or not _is_told(sys._getframe(1))
        ):
            return func(*args, **kwargs)
        name = _name(func)
        if name in SILENT:
            return func(*args, **kwargs)
        if recorder.differentiating or name in HOOKS:
            script.unknown("", "a hook")  # when it ran among the others cannot be told
            return func(*args, **kwargs)
        op = recorder.shield(script.called, name, args, kwargs)
        told = len(script.ops), script.operands.stretch
        result = func(*args, **kwargs)
        beats = (len(script.ops), script.operands.stretch) != told
        if name == GRADIENT and (result is None or script.operands.find(result, content=False) is not None):
            return result  # a parameter's
        if op is not None and not beats and (result is None or leaves(result)):
            recorder.shield(script.gave, op, result)
        return result


@lru_cache(1024)
def _name(func: Callable[..., Any]) -> str:
    """A function's name; torch's own look-up turns warnings off and on again at each call."""
    return resolve_name(func) or f"torch.{getattr(func, '__name__', '')}"


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
        elif file.startswith(INTERNAL) or (
            file.startswith(LAYERS) and frame.f_code.co_name in ("__init__", "reset_parameters")
        ):
            return False
        direct = False
        frame = frame.f_back
    return False
