"""Module spies: forwards of root modules (those the student's code calls), seen in `Module.__call__`.

A global hook would put every module, inner ones too, on the slow path of the call, which costs more than all
else that is recorded of a forward.  What stands in for `__call__` does itself what torch's does, which is to choose
between a compiled call and `_call_impl`, so that inner modules pay for one question here and no further call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch.compiler import is_compiling

from sandbox.spies.feed import fingerprint
from sandbox.spies.graphs import first_tensor, mark_graph
from sandbox.spies.recorder import Recorder
from sandbox.spies.registry import ModuleInfo

Watcher = Callable[[ModuleInfo, torch.nn.Module, torch.Tensor | None, Any, int], None]
"""Called after a training forward with the module, its first input, its output and the student's line."""


def install(recorder: Recorder, watchers: list[Watcher]) -> Callable[[], None]:
    """Watch every module call; returns what undoes it."""
    spy = _ModuleSpy(recorder, watchers)
    before, after = recorder.shielded(spy.before), recorder.shielded(spy.after)
    steady = recorder.steady
    original: Callable[..., Any] = torch.nn.Module.__call__
    parameters = torch.nn.Module.parameters

    def aside(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call that is no beat: inside another, while a graph is differentiated, and in code of ours."""
        if recorder.differentiating and not recorder.depth and steady.now is None and not recorder.elsewhere:
            recorder.shield(recorder.script.recomputed, module)  # a checkpoint's
        if recorder.body is not None and recorder.body.is_whole(module):
            return recorder.body.call(module, original, args, kwargs)
        return original(module, *args, **kwargs)

    def told(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call that is told in full."""
        try:
            info = before(module, args, kwargs)
            if info is not None and recorder.making is not None:
                output = spy.heard(original, module, args, kwargs)
            else:
                output = original(module, *args, **kwargs)
            if info is not None:
                after(info, module, output)
            return output
        finally:
            recorder.script.inside = False

    @functools.wraps(original)
    def __call__(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:  # noqa: N807
        compiled = module._compiled_call_impl
        call: Callable[..., Any] = module._call_impl if compiled is None else compiled
        if recorder.depth and recorder.body is None:
            return call(*args, **kwargs)
        if recorder.depth or recorder.differentiating or recorder.elsewhere or is_compiling():
            return aside(module, args, kwargs)
        if recorder.script.tracing and spy.is_traced(module):
            return call(*args, **kwargs)
        recorder.depth = 1
        try:
            if not module._parameters and not module._modules and type(module).parameters is parameters:
                return call(*args, **kwargs)
            if steady.now is not None and not kwargs and steady.forward(module, args):
                output = call(*args, **kwargs)
                steady.forward_made(output)
                return output
            return told(module, args, kwargs)
        finally:
            recorder.depth = 0

    torch.nn.Module.__call__ = __call__  # type: ignore[method-assign]

    def uninstall() -> None:
        torch.nn.Module.__call__ = original  # type: ignore[method-assign]

    return uninstall


class _ModuleSpy:
    """What is noted of the outermost module call, before and after it."""

    def __init__(self, recorder: Recorder, watchers: list[Watcher]) -> None:
        self._recorder = recorder
        self._watchers = watchers
        self._batch: torch.Tensor | None = None
        self._line = 0

    def is_traced(self, module: torch.nn.Module) -> bool:
        """Whether what a module does is told operation by operation: it is none of the exercise's."""
        info = self._recorder.registry.module(module)
        return info is None or not (
            info.given
            or self._recorder.making is not None
            or isinstance(getattr(module, "_orig_mod", None), torch.nn.Module)
        )

    def heard(self, original: Callable[..., Any], module: torch.nn.Module, args: Any, kwargs: Any) -> Any:
        """Call a module that the file made, and listen to what it does where that is not known yet."""
        recorder, making = self._recorder, self._recorder.making
        body = recorder.shield(making.listening, module, args) if making is not None else None
        if making is None or body is None:
            return original(module, *args, **kwargs)
        recorder.body = body
        try:
            with body:
                output = original(module, *args, **kwargs)
        finally:
            recorder.body = None
        recorder.shield(making.heard, body, output)
        return output

    def before(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> ModuleInfo | None:
        """A root module is called; its entry, or None for one without parameters."""
        recorder = self._recorder
        info = recorder.registry.module(module)
        if info is None:
            return None
        self._batch = batch = first_tensor(args)
        feed = recorder.feed
        use = recorder.modes.note(info, module, feed.loader_of(batch))
        if not torch.is_grad_enabled():
            self._line = recorder.beat("f")
            recorder.script.forward(info, module, args, kwargs)
            feed.evaluated(batch)
            return info
        self._line = line = recorder.beat("F")
        recorder.script.forward(info, module, args, kwargs)
        recorder.batch_pointer = batch.data_ptr() if batch is not None else 0
        if recorder.quick:
            recorder.steady.hear_forward(info, module, batch, use)
        feed.forward(batch, line, use)
        if recorder.ledger.open:
            recorder.ledger.track(info.params)
            self._row(info, module)
        return info

    def _row(self, info: ModuleInfo, module: torch.nn.Module) -> None:
        batch = self._batch
        known = batch is not None and batch.dim() > 0
        self._recorder.ledger.row(
            "F",
            self._line,
            of=info.number,
            rows=batch.shape[0] if batch is not None and known else -1,
            flags=("t" if module.training else "e") + _precision(batch),
            params=self._recorder.ledger.values(),
            text=f"{fingerprint(batch) & 0xFFFFFFFFFFFFFFFF:x}" if batch is not None and known else "",
        )

    def after(self, info: ModuleInfo, module: torch.nn.Module, output: Any) -> None:
        """It has returned."""
        batch, self._batch = self._batch, None
        self._recorder.script.made(output)
        result = first_tensor(output)
        if result is None or not torch.is_grad_enabled():
            return
        recorder = self._recorder
        mark = mark_graph(result)
        recorder.feed.forward_made(mark)
        if recorder.ledger.open:
            recorder.ledger.forward_made(mark, self._line)
        for watcher in self._watchers:
            watcher(info, module, batch, result, self._line)


def _precision(batch: torch.Tensor | None) -> str:
    """h or b where autocast makes this forward's matrix products float16 or bfloat16, "" where it does not."""
    device = batch.device.type if batch is not None else "cpu"
    if not torch.is_autocast_enabled(device):
        return ""
    return {torch.float16: "h", torch.bfloat16: "b"}.get(torch.get_autocast_dtype(device), "")
