"""Scaling spies: what a GradScaler was asked to do (scale, unscale_, step, update), and whose loss it scaled."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch.amp import GradScaler

from sandbox import trace
from sandbox.spies.graphs import first_tensor
from sandbox.spies.recorder import Recorder

MAX_SCALERS = 16
METHODS = ("scale", "unscale_", "step", "update")


class _Used:
    """One scaler and how it was used."""

    def __init__(self, number: int, scaler: GradScaler, given: bool, line: int) -> None:
        self.number, self.given, self.line = number, given, line
        self.ref = weakref.ref(scaler)
        self.enabled = scaler.is_enabled()
        self.first = _scale_of(scaler)
        self.scaled = self.unscaled = self.steps = self.skipped = self.updates = self.bypassed = 0
        self.last = self.first


class ScalingSpy:
    """Follows scalers by identity."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._known: dict[int, _Used] = {}
        self._all: list[_Used] = []
        self._inside = 0
        self._scaled_by: _Used | None = None  # whose scaled loss has not been stepped on yet
        self._in_step = False
        self._root: weakref.ref[torch.Tensor] | None = None  # the loss that was scaled last, and by how much
        self._factor = 1.0
        recorder.on_step.append(self._stepped)
        recorder.unscaled = self._unscaled

    def install(self) -> Callable[[], None]:
        """Wrap the methods; returns what undoes it."""
        originals = {name: vars(GradScaler)[name] for name in METHODS}
        for name, original in originals.items():
            setattr(GradScaler, name, self._wrap(name, original))

        def uninstall() -> None:
            for name, original in originals.items():
                setattr(GradScaler, name, original)

        return uninstall

    def close(self) -> None:
        """Write what was seen."""
        for used in self._all:
            scaler = used.ref()
            record = trace.Scaler(
                id=used.number,
                given=used.given,
                enabled=used.enabled,
                scaled=used.scaled,
                unscaled=used.unscaled,
                steps=used.steps,
                skipped=used.skipped,
                updates=used.updates,
                bypassed=used.bypassed,
                first=used.first,
                last=used.last if scaler is None else _scale_of(scaler),
                line=used.line,
            )
            self._recorder.write(record, closing=True)

    def register(self, scaler: GradScaler) -> _Used | None:
        """The entry of a scaler, made when it is new."""
        known = self._known.get(id(scaler))
        if known is not None and known.ref() is scaler:
            return known
        if len(self._all) >= MAX_SCALERS:
            return None
        recorder = self._recorder
        used = _Used(len(self._all), scaler, recorder.registry.given, recorder.line(3))
        if not used.given:
            recorder.script.scaler_made(used.number, scaler)
        self._known[id(scaler)] = used
        self._all.append(used)
        return used

    def _wrap(self, name: str, original: Callable[..., Any]) -> Any:
        watched = {
            "scale": self._scale,
            "unscale_": self._unscale,
            "update": self._update,
            "step": self._step,
        }[name]

        @functools.wraps(original)
        def method(scaler: GradScaler, *args: Any, **kwargs: Any) -> Any:
            recorder = self._recorder
            if self._inside or recorder.elsewhere:
                return original(scaler, *args, **kwargs)
            used = recorder.shield(self.register, scaler)
            self._inside += 1
            try:
                if used is None:
                    return original(scaler, *args, **kwargs)
                return watched(used, lambda: original(scaler, *args, **kwargs), scaler, args)
            finally:
                self._inside -= 1

        return method

    def scaler_at(self, number: int) -> GradScaler | None:
        """The scaler of a number; None where there is none, or none any more."""
        return self._all[number].ref() if 0 <= number < len(self._all) else None

    # ── what each method's wrapper does ──────────────────────────────────────────────────────────

    def _scale(self, used: _Used, call: Callable[[], Any], scaler: GradScaler, args: tuple[Any, ...]) -> Any:
        script = self._recorder.script
        told = self._recorder.shield(script.scale, used.number, args)
        busy, script.busy = script.busy, True
        try:
            result = call()
        finally:
            script.busy = busy
        if told:
            self._recorder.shield(script.scaled, told, result)
        self._recorder.shield(self._scaled, used, scaler, args, result)
        return result

    def _scaled(self, used: _Used, scaler: GradScaler, args: tuple[Any, ...], result: Any) -> None:
        used.scaled += 1
        if not used.enabled:
            self._scaled_by = None
            return
        self._scaled_by = used
        recorder = self._recorder
        recorder.steady.stop()
        before, after = first_tensor(args), first_tensor(result)
        if after is not None:
            self._root, self._factor = weakref.ref(after), _scale_of(scaler)
        if recorder.ledger.open:
            single = before is not None and before.numel() == 1
            value = float(before.detach()) if before is not None and single else None
            recorder.ledger.row("X", recorder.line(4), of=used.number, value=value, extra=_scale_of(scaler))

    def _unscaled(self, root: torch.Tensor | None, value: float | None) -> float | None:
        """The value of a loss without the scale it was just given; any other value as it is."""
        if root is None or value is None or self._root is None or self._root() is not root:
            return value
        return value / self._factor if self._factor else value

    def _unscale(
        self, used: _Used, call: Callable[[], Any], scaler: GradScaler, args: tuple[Any, ...]
    ) -> Any:
        seen = self._recorder.shield(self._before_unscale, used, args)
        result = call()
        self._recorder.shield(self._after_unscale, used, scaler, *(seen or (0, None)))
        return result

    def _before_unscale(self, used: _Used, args: tuple[Any, ...]) -> tuple[int, str | None]:
        used.unscaled += 1
        line, ledger = self._recorder.beat("U"), self._recorder.ledger
        self._recorder.script.by_scaler("U", used.number, args)
        return line, ledger.gradients() if ledger.open and used.enabled else None

    def _after_unscale(self, used: _Used, scaler: GradScaler, line: int, before: str | None) -> None:
        if self._scaled_by is used:
            self._scaled_by = None  # what a step uses from here on has the right size
        ledger = self._recorder.ledger
        if before is not None:
            scale, after = _scale_of(scaler), ledger.gradients()
            ledger.row("U", line, of=used.number, value=scale, before=before, after=after)

    def _step(self, used: _Used, call: Callable[[], Any], scaler: GradScaler, args: tuple[Any, ...]) -> Any:
        steps, self._in_step = self._recorder.steps, True
        used.steps += 1
        self._recorder.script.scaler = used.number
        try:
            result = call()
        finally:
            self._in_step = False
            self._recorder.script.scaler = None
        self._scaled_by = None
        if self._recorder.steps == steps:
            used.skipped += 1
            self._recorder.shield(self._recorder.beat, "K")
            self._recorder.shield(self._recorder.script.by_scaler, "K", used.number, args)
        return result

    def _update(self, used: _Used, call: Callable[[], Any], scaler: GradScaler, args: tuple[Any, ...]) -> Any:
        used.updates += 1
        self._recorder.shield(self._recorder.beat, "T")
        self._recorder.shield(self._recorder.script.updated, used.number, args)
        return call()

    def _stepped(self) -> None:
        """An optimizer's step: outside a scaler's, with a scaled loss behind it, it bypassed the scaler."""
        if self._scaled_by is not None and not self._in_step:
            self._scaled_by.bypassed += 1
            self._scaled_by = None


def _scale_of(scaler: GradScaler) -> float:
    return float(scaler.get_scale())
