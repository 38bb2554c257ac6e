"""Module spies: forwards of root modules (those the student's code calls), through torch's global hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from sandbox.spies.feed import fingerprint
from sandbox.spies.graphs import first_tensor, mark_graph
from sandbox.spies.recorder import Recorder
from sandbox.spies.registry import ModuleInfo

Watcher = Callable[[ModuleInfo, torch.nn.Module, torch.Tensor | None, Any, int], None]
"""Called after a training forward with the module, its first input, its output and the student's line."""


def install(recorder: Recorder, watchers: list[Watcher]) -> Callable[[], None]:
    """Watch every module call; returns what undoes it."""
    spy = _ModuleSpy(recorder, watchers)
    before = register_module_forward_pre_hook(lambda *args: recorder.shield(spy.before, *args))
    after = register_module_forward_hook(lambda *args: recorder.shield(spy.after, *args), always_call=True)

    def uninstall() -> None:
        before.remove()
        after.remove()

    return uninstall


class _ModuleSpy:
    """Follows the depth of module calls; only the outermost is a beat."""

    def __init__(self, recorder: Recorder, watchers: list[Watcher]) -> None:
        self._recorder = recorder
        self._watchers = watchers
        self._root: ModuleInfo | None = None
        self._batch: torch.Tensor | None = None
        self._line = 0

    def before(self, module: torch.nn.Module, args: tuple[Any, ...]) -> None:
        if torch.compiler.is_compiling():
            return
        recorder = self._recorder
        recorder.depth += 1
        if recorder.depth != 1 or recorder.elsewhere:
            return
        if recorder.differentiating:  # a checkpoint computes its forward again: no beat of the loop
            self._root = None
            return
        self._root = info = recorder.registry.module(module)
        if info is None:
            return
        self._batch = first_tensor(args)
        use = recorder.modes.note(info, module, recorder.feed.loader_of(self._batch))
        if not torch.is_grad_enabled():
            self._line = recorder.beat("f")
            recorder.feed.evaluated(self._batch)
            return
        self._line = line = recorder.beat("F")
        recorder.batch_pointer = self._batch.data_ptr() if self._batch is not None else 0
        recorder.feed.forward(self._batch, line, use)
        if recorder.ledger.open:
            recorder.ledger.track(info.params)
            self._row(info, module)

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

    def after(self, module: torch.nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if torch.compiler.is_compiling():
            return
        recorder = self._recorder
        recorder.depth = max(0, recorder.depth - 1)
        if recorder.depth or self._root is None or recorder.elsewhere:
            return
        info, batch, self._batch = self._root, self._batch, None
        result = first_tensor(output)
        if result is None or not torch.is_grad_enabled():
            return
        info.output = tuple(result.shape)
        mark = mark_graph(result)
        recorder.feed.forward_made(mark)
        recorder.ledger.forward_made(mark, self._line)
        for watcher in self._watchers:
            watcher(info, module, batch, result, self._line)


def _precision(batch: torch.Tensor | None) -> str:
    """h or b where autocast makes this forward's matrix products float16 or bfloat16, "" where it does not."""
    device = batch.device.type if batch is not None else "cpu"
    if not torch.is_autocast_enabled(device):
        return ""
    return {torch.float16: "h", torch.bfloat16: "b"}.get(torch.get_autocast_dtype(device), "")
