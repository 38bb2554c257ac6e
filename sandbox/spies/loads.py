"""Loads: calls of `load_state_dict` on root modules, and whether they changed anything."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from sandbox import results, trace
from sandbox.spies.recorder import Recorder

MAX_LOADS = 64


class LoadSpy:
    """Wraps `Module.load_state_dict`; the first calls on modules with parameters are written."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._written = 0
        self._inside = False

    def install(self) -> Callable[[], None]:
        """Wrap the method; returns what undoes it."""
        original = torch.nn.Module.load_state_dict
        recorder = self._recorder

        @functools.wraps(original)
        def load_state_dict(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            if self._inside or recorder.elsewhere or self._written >= MAX_LOADS:
                return original(module, *args, **kwargs)
            given = args[0] if args else kwargs.get("state_dict")
            seen = recorder.shield(self._look, module, given)
            self._inside = True
            try:
                result = original(module, *args, **kwargs)
            finally:
                self._inside = False
            if seen:
                recorder.shield(self._note, module, *seen)
            return result

        torch.nn.Module.load_state_dict = load_state_dict  # type: ignore[assignment, method-assign]

        def uninstall() -> None:
            torch.nn.Module.load_state_dict = original  # type: ignore[method-assign]

        return uninstall

    def _look(self, module: torch.nn.Module, given: Any) -> tuple[str, int, int]:
        own = {tensor.data_ptr() for tensor in module.parameters() if tensor.numel()}
        loaded = list(given.values()) if isinstance(given, dict) else []
        shared = sum(isinstance(item, torch.Tensor) and item.data_ptr() in own for item in loaded)
        return results.digest(module), shared, self._recorder.line(3)

    def _note(self, module: torch.nn.Module, before: str, shared: int, line: int) -> None:
        info = self._recorder.registry.module(module)
        if info is None:
            return
        self._written += 1
        after = results.digest(module)
        if after != before and info.given and not self._recorder.script.tracing:
            self._recorder.steady.leave()
            self._recorder.script.unknown("", "weights that are loaded")
        self._recorder.write(
            trace.StateLoad(
                module=info.number,
                line=line,
                at_step=self._recorder.steps,
                shared=shared,
                changed=after != before,
                sha256=after,
            )
        )
