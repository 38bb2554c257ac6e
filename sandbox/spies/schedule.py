"""Schedule spies: calls of learning-rate schedulers, and the rate every step was taken with."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.optim.lr_scheduler import LRScheduler

from sandbox import trace
from sandbox.spies.recorder import Recorder
from sandbox.spies.steady import Beat

MAX_SCHEDULERS = 32
MAX_GAPS = 512
MAX_RATES = 2048
MAX_OPTIMIZERS = 8
HORIZONS = ("total_steps", "T_max", "total_iters", "T_0")


class _Used:
    """One scheduler and how it was stepped."""

    def __init__(self, number: int, scheduler: Any, given: bool, line: int) -> None:
        self.number, self.given, self.line = number, given, line
        self.ref = weakref.ref(scheduler)
        self.cls = type(scheduler).__name__[:80]
        self.horizon = _horizon(scheduler)
        self.calls = 0
        self.first_at = self.last_at = -1
        self.gaps: list[list[int]] = []

    def stepped(self, at: int) -> None:
        """A call, after this many optimizer steps."""
        gap = at - max(self.last_at, 0)
        self.calls += 1
        self.last_at = at
        if self.first_at < 0:
            self.first_at = at
        if self.gaps and self.gaps[-1][0] == gap:
            self.gaps[-1][1] += 1
        elif len(self.gaps) < MAX_GAPS:
            self.gaps.append([gap, 1])


class ScheduleSpy:
    """Follows schedulers by identity, and optimizers' rates."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._known: dict[int, _Used] = {}
        self._all: list[_Used] = []
        self._rates: dict[int, tuple[weakref.ref[Any], int, list[list[float]]]] = {}
        self._truncated: set[int] = set()
        self._inside = 0  # a scheduler that steps others, or its own construction

    def install(self) -> Callable[[], None]:
        """Wrap every scheduler's step and construction; returns what undoes it."""
        replaced: list[tuple[type, str, Any]] = []
        for kind in _classes(LRScheduler):
            for name, wrap in (("step", self._step), ("__init__", self._made)):
                if name in vars(kind):
                    replaced.append((kind, name, vars(kind)[name]))
                    setattr(kind, name, wrap(vars(kind)[name]))

        def uninstall() -> None:
            for kind, name, original in reversed(replaced):
                setattr(kind, name, original)

        return uninstall

    def close(self) -> None:
        """Write what was seen."""
        for used in self._all:
            record = trace.Schedule(
                id=used.number,
                cls=used.cls,
                given=used.given,
                line=used.line,
                calls=used.calls,
                first_at=used.first_at,
                gaps=used.gaps,
                horizon=used.horizon,
            )
            self._recorder.write(record, closing=True)
        for _, number, runs in self._rates.values():
            rates = trace.Rates(optimizer=number, runs=runs, truncated=number in self._truncated)
            self._recorder.write(rates, closing=True)

    def scheduler_at(self, number: int) -> Any:
        """The scheduler of a number; None where there is none, or none any more."""
        return self._all[number].ref() if 0 <= number < len(self._all) else None

    # ── wrappers ─────────────────────────────────────────────────────────────────────────────────

    def _made(self, original: Callable[..., None]) -> Any:
        @functools.wraps(original)
        def __init__(scheduler: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            self._inside += 1
            try:
                original(scheduler, *args, **kwargs)
            finally:
                self._inside -= 1
            if not self._inside and not self._recorder.elsewhere:
                self._recorder.shield(self._register, scheduler)

        return __init__

    def _register(self, scheduler: Any) -> _Used | None:
        known = self._known.get(id(scheduler))
        if known is not None and known.ref() is scheduler:
            return known
        if len(self._all) >= MAX_SCHEDULERS:
            return None
        recorder = self._recorder
        used = _Used(len(self._all), scheduler, recorder.registry.given, recorder.line(3))
        self._known[id(scheduler)] = used
        self._all.append(used)
        return used

    def _step(self, original: Callable[..., Any]) -> Any:
        @functools.wraps(original)
        def step(scheduler: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._inside and not self._recorder.elsewhere:
                self._recorder.shield(self._called, scheduler)
            self._inside += 1
            try:
                return original(scheduler, *args, **kwargs)
            finally:
                self._inside -= 1
                if not self._inside and not self._recorder.elsewhere:
                    self._recorder.shield(self._explained, scheduler)

        return step

    def _explained(self, scheduler: Any) -> None:
        """What a scheduler of the exercise has just set needs no telling."""
        known, optimizer = self._known.get(id(scheduler)), getattr(scheduler, "optimizer", None)
        if known is not None and known.given and isinstance(optimizer, torch.optim.Optimizer):
            info = self._recorder.registry.optimizer(optimizer)
            self._recorder.script.explained(info, optimizer)

    def _called(self, scheduler: Any) -> None:
        recorder = self._recorder
        used = self._register(scheduler)
        if recorder.steady.now is None or not recorder.steady.same("H", used):
            recorder.beat("H")
            recorder.script.add(["H", -1 if used is None else used.number])
            if recorder.quick:
                recorder.steady.hear(Beat("H", used))
        if used is not None:
            used.stepped(recorder.steps)

    def rate(self, optimizer: torch.optim.Optimizer) -> list[float] | None:
        """An optimizer has stepped; the run of equal rates, and how many, that this step's belongs to."""
        known = self._rates.get(id(optimizer))
        if not optimizer.param_groups or self._recorder.elsewhere:
            return None
        if known is None or known[0]() is not optimizer:
            if len(self._rates) >= MAX_OPTIMIZERS:
                return None
            number = self._recorder.registry.optimizer(optimizer).number
            known = self._rates[id(optimizer)] = (weakref.ref(optimizer), number, [])
        runs = known[2]
        rate = optimizer.param_groups[0].get("lr", 0.0)
        if runs and runs[-1][0] == rate:
            runs[-1][1] += 1
        elif len(runs) < MAX_RATES:
            runs.append([float(rate), 1])
        else:
            self._truncated.add(known[1])
            return None
        return runs[-1]


def _classes(kind: type) -> Iterator[type]:
    """A class and all below it, each once."""
    seen: set[type] = set()
    waiting = [kind]
    while waiting:
        found = waiting.pop()
        if found not in seen:
            seen.add(found)
            yield found
            waiting += found.__subclasses__()


def _horizon(scheduler: Any) -> int:
    """The number of calls a scheduler says it lasts; -1 where it does not."""
    for name in HORIZONS:
        value = getattr(scheduler, name, None)
        if isinstance(value, (int, float)) and 0 < value < 1 << 40:
            return int(value)
    return -1
