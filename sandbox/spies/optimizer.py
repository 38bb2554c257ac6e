"""Optimizer spies: construction, zero_grad and step (through torch's global step hooks)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from sandbox.spies.recorder import Recorder
from sandbox.spies.registry import OptimizerInfo
from sandbox.spies.steady import Beat, Rate

RATES = 16  # groups whose learning rate is noted


def install(recorder: Recorder, rate: Rate) -> Callable[[], None]:
    """Watch every optimizer, and tell `rate` of each step; returns what undoes it."""
    recorder.steady.rate = rate
    before = register_optimizer_step_pre_hook(_before_step(recorder))
    after = register_optimizer_step_post_hook(_after_step(recorder, rate))
    made = torch.optim.Optimizer.__init__
    cleared, module_cleared = torch.optim.Optimizer.zero_grad, torch.nn.Module.zero_grad
    torch.optim.Optimizer.__init__ = _made(recorder, made)  # type: ignore[method-assign]
    torch.optim.Optimizer.zero_grad = _cleared(recorder, cleared)  # type: ignore[method-assign]
    torch.nn.Module.zero_grad = _module_cleared(recorder, module_cleared)  # type: ignore[method-assign]

    def uninstall() -> None:
        before.remove()
        after.remove()
        torch.optim.Optimizer.__init__ = made  # type: ignore[method-assign]
        torch.optim.Optimizer.zero_grad = cleared  # type: ignore[method-assign]
        torch.nn.Module.zero_grad = module_cleared  # type: ignore[method-assign]

    return uninstall


def _made(recorder: Recorder, original: Callable[..., None]) -> Any:
    def note(optimizer: torch.optim.Optimizer, line: int) -> None:
        recorder.steady.leave()  # it may have the id of one that is gone
        info = recorder.registry.optimizer(optimizer, line)
        if recorder.registry.given:
            recorder.script.first_seen(info, optimizer)
        else:
            recorder.script.built(info, optimizer)

    @functools.wraps(original)
    def __init__(self: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        original(self, *args, **kwargs)
        if not recorder.elsewhere:
            recorder.shield(note, self, recorder.line())

    return __init__


def _cleared(recorder: Recorder, original: Callable[..., None]) -> Any:
    steady = recorder.steady

    @functools.wraps(original)
    def zero_grad(self: torch.optim.Optimizer, set_to_none: bool = True) -> None:
        try:
            if steady.now is None or not steady.cleared(id(self), set_to_none):
                line = _clears(recorder, id(self), set_to_none)
                recorder.script.add(["Z", recorder.script.optimizer(self), bool(set_to_none)])
                if recorder.ledger.open:
                    recorder.ledger.row("Z", line, of=recorder.registry.optimizer(self).number)
        except Exception:  # noqa: BLE001 - see Recorder.shield
            recorder.failed()
        original(self, set_to_none)

    return zero_grad


def _module_cleared(recorder: Recorder, original: Callable[..., None]) -> Any:
    @functools.wraps(original)
    def zero_grad(self: torch.nn.Module, set_to_none: bool = True) -> None:
        try:
            if recorder.steady.now is None or not recorder.steady.cleared(0, set_to_none):
                line = _clears(recorder, 0, set_to_none)
                recorder.script.add(["Z", -1, bool(set_to_none)])
                if recorder.ledger.open:
                    recorder.ledger.row("Z", line)
        except Exception:  # noqa: BLE001 - see Recorder.shield
            recorder.failed()
        original(self, set_to_none)

    return zero_grad


def _clears(recorder: Recorder, optimizer: int, set_to_none: bool) -> int:
    """A zero_grad, told in full; the student's line."""
    line = recorder.beat("Z")
    if recorder.quick:
        recorder.steady.hear_clearing(optimizer, to_none=set_to_none)
    recorder.feed.used.cleared()
    recorder.ledger.release()
    return line


def _before_step(recorder: Recorder) -> Callable[..., None]:
    def before(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        recorder.stepping += 1
        if recorder.steady.now is None and recorder.stepping == 1:
            recorder.script.step_begins(optimizer, bool(args[1:] or kwargs))
        if recorder.ledger.open and recorder.stepping == 1:
            recorder.shield(
                look, optimizer
            )  # else it is inside another (SAM, Lookahead), whose step is the beat

    def look(optimizer: torch.optim.Optimizer) -> None:
        info = recorder.registry.optimizer(optimizer)
        ledger = recorder.ledger
        ledger.track(info.params)
        if not ledger.ready:
            ledger.settle()
        ledger.row(
            "s",
            recorder.line(),
            of=info.number,
            value=_norm(recorder, info) if recorder.norms else None,
            extra=_divisor(optimizer),
            before=ledger.gradients(),
            params=ledger.values(),
            rates=[float(group["lr"]) for group in optimizer.param_groups[:RATES] if "lr" in group],
        )

    return before


def _after_step(recorder: Recorder, rate: Rate) -> Callable[..., None]:
    steady = recorder.steady

    def after(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        try:
            if recorder.stepping <= 1 and steady.now is not None and steady.stepped(optimizer):
                recorder.stepping = 0
                return
            run = rate(optimizer)
            if recorder.stepping > 1:
                recorder.stepping -= 1
                return
            recorder.stepping = 0
            steady.run = run
            look(optimizer)
        except Exception:  # noqa: BLE001 - see Recorder.shield
            recorder.failed()

    def look(optimizer: torch.optim.Optimizer) -> None:
        line, registry = recorder.beat("S"), recorder.registry
        info = registry.optimizer(optimizer)
        recorder.script.stepped(info, optimizer)
        info.steps += 1
        if recorder.quick:
            recorder.steady.hear(Beat("S", info))
        if len(optimizer.param_groups) != info.groups:
            recorder.registry.grown(info, optimizer)
        if info.steps <= 2:
            info.stateful = _stateful(optimizer)
        if info.compared != len(registry.modules):
            _find_shared(recorder, info)
        for module in info.shared:
            module.stepped = recorder.steps
        if (ledger := recorder.ledger).open:
            ledger.row("S", line, of=info.number, after=ledger.gradients(), params=ledger.values())
            ledger.release()
        recorder.stepped(info.params)

    return after


def _divisor(optimizer: torch.optim.Optimizer) -> float | None:
    """What the step itself will divide the gradients by: a fused optimizer's, which a scaler tells it."""
    if not isinstance(getattr(optimizer, "found_inf", None), torch.Tensor):
        return None
    scale = getattr(optimizer, "grad_scale", None)
    return float(scale) if isinstance(scale, torch.Tensor) else 1.0


def _norm(recorder: Recorder, info: OptimizerInfo) -> float:
    """The norm of all gradients of the graded module, or where none is known of the optimizer's parameters."""
    numbers = info.params if recorder.graded is None else recorder.graded
    tensors = (recorder.registry.tensors[number]() for number in numbers)
    found = [tensor.grad for tensor in tensors if tensor is not None and tensor.grad is not None]
    return float(torch.nn.utils.get_total_norm(found)) if found else 0.0


def _find_shared(recorder: Recorder, info: OptimizerInfo) -> None:
    """Find the root modules that share parameters with this optimizer, among those not yet compared."""
    for module in recorder.registry.modules[info.compared :]:
        if not set(module.params).isdisjoint(info.params):
            info.shared.append(module)
    info.compared = len(recorder.registry.modules)


def _stateful(optimizer: torch.optim.Optimizer) -> bool:
    """Whether it carries anything but a step count from one step to the next."""
    return any(
        isinstance(value, torch.Tensor) and name != "step"
        for state in optimizer.state.values()
        if isinstance(state, dict)
        for name, value in state.items()
    )
