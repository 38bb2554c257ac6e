"""Scaling spies: what a GradScaler was asked to do: scale, unscale_, step and update."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

from torch.amp import GradScaler

from sandbox import trace
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
        recorder.on_step.append(self._stepped)

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
        self._known[id(scaler)] = used
        self._all.append(used)
        return used

    def _wrap(self, name: str, original: Callable[..., Any]) -> Any:
        note = {
            "scale": self._scale,
            "unscale_": self._unscale,
            "update": self._update,
            "step": lambda used: None,
        }[name]

        @functools.wraps(original)
        def method(scaler: GradScaler, *args: Any, **kwargs: Any) -> Any:
            recorder = self._recorder
            if self._inside or recorder.elsewhere:
                return original(scaler, *args, **kwargs)
            used = recorder.shield(self.register, scaler)
            if used is not None:
                recorder.shield(note, used)
            steps = recorder.steps
            self._inside += 1
            try:
                self._in_step = name == "step"
                return original(scaler, *args, **kwargs)
            finally:
                self._inside -= 1
                self._in_step = False
                if name == "step" and used is not None:
                    recorder.shield(self._ended, used, recorder.steps - steps)

        return method

    def _scale(self, used: _Used) -> None:
        used.scaled += 1
        self._scaled_by = used if used.enabled else None

    def _unscale(self, used: _Used) -> None:
        used.unscaled += 1
        self._recorder.beat("U")
        if self._scaled_by is used:
            self._scaled_by = None  # what a step uses from here on has the right size

    def _update(self, used: _Used) -> None:
        used.updates += 1
        self._recorder.beat("T")

    def _ended(self, used: _Used, stepped: int) -> None:
        used.steps += 1
        self._scaled_by = None
        if not stepped:
            used.skipped += 1
            self._recorder.beat("K")

    def _stepped(self) -> None:
        """An optimizer's step: outside a scaler's, with a scaled loss behind it, it bypassed the scaler."""
        if self._scaled_by is not None and not self._in_step:
            self._scaled_by.bypassed += 1
            self._scaled_by = None


def _scale_of(scaler: GradScaler) -> float:
    return float(scaler.get_scale())
