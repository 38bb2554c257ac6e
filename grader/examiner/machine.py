"""The machine: executes a claimed program on what an exercise makes, operation by operation.

Whatever the program says, nothing happens here but what `_OPERATIONS` lists: drawing from the exercise's own loaders,
calling its own modules, losses of torch.nn.functional, backward, clipping, and steps of its own optimizers and
schedulers.  The program is a claim of a process that ran a student's code: every operand is checked before it is used.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from torch.utils.data import DataLoader

from sandbox.spies.loss import LOSSES
from sandbox.spies.script import KEPT, leaves

MAX_PASSES = 4  # of one loader, that may be drawn from in turn
MAX_DEPTH = 12
CLIPS = ("clip_grad_norm_", "clip_grad_value_")
OPTIONS = {"reduction": str, "label_smoothing": float, "ignore_index": int, "beta": float, "delta": float}
DTYPES = {name: getattr(torch, name) for name in ("float32", "float64", "int64", "bool", "uint8", "int32")}

Op = Sequence[Any]
Made = list[torch.Tensor]


class CannotExecuteError(Exception):
    """The program says of an operation that it cannot be told, or has one that is not on the list."""


class ContradictionError(Exception):
    """The program does what it cannot have done: it draws from a pass that is over, or uses what was never made."""


class TooLongError(Exception):
    """The program took longer than it may."""


class Machine:
    """Executes scripts over the things an exercise made, by the numbers that the spies gave them.

    `before` is called with each beat's letter before it happens; `until` is a time of time.monotonic().
    """

    def __init__(
        self,
        things: Things,
        scripts: Mapping[int, Sequence[Op]],
        before: Callable[[int, str], None],
        until: float,
    ) -> None:
        self._things = things
        self._scripts = scripts
        self._before = before
        self._until = until
        self._place = 0  # among the beats of the script
        self._passes: dict[int, deque[Iterator[Any]]] = {}
        self._batches: deque[Made] = deque(maxlen=KEPT)  # newest first
        self._outputs: deque[Made] = deque(maxlen=1 + _oldest(scripts, "f"))
        self._losses: deque[torch.Tensor] = deque(maxlen=1 + _oldest(scripts, "L"))

    def run(self, items: Sequence[Any], depth: int = 0) -> None:
        """Execute scripts in the order of `Program.items`."""
        if depth > MAX_DEPTH:
            raise ContradictionError("the program's order is nested too deeply")
        for item in items:
            what, times = item if isinstance(item, list) and len(item) == 2 else (None, None)
            if not _whole(times) or times < 1 or isinstance(what, bool):
                raise ContradictionError("the program's order is not one")
            for _ in range(times):
                if isinstance(what, list):
                    self.run(what, depth + 1)
                elif isinstance(what, int) and what in self._scripts:
                    self._run_script(what)
                else:
                    raise CannotExecuteError("its steps are of too many kinds")

    def _run_script(self, number: int) -> None:
        if time.monotonic() > self._until:
            raise TooLongError("the replay took longer than it may")
        self._place = 0
        for op in self._scripts[number]:
            self._execute(number, op)

    def _execute(self, script: int, op: Op) -> None:
        if not isinstance(op, list) or not op or not isinstance(op[0], str):
            raise ContradictionError("an operation is not one")
        kind, *operands = op
        if kind == "?":
            raise CannotExecuteError(str(operands[1]) if len(operands) > 1 else "an unknown operation")
        execute = _OPERATIONS.get(kind)
        if execute is None:
            raise CannotExecuteError("an unknown operation")
        if kind not in "IE":
            self._before(script, self._place)
            self._place += 1
        try:
            execute(self, script, *operands)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError, RuntimeError) as error:
            raise ContradictionError(f"operation {kind} fails: {type(error).__name__}: {error}"[:300]) from error

    # ── operations ───────────────────────────────────────────────────────────────────────────────

    def _begin_pass(self, _: int, loader: int) -> None:
        passes = self._passes.setdefault(loader, deque(maxlen=MAX_PASSES))
        passes.appendleft(iter(self._things.loader(loader)))

    def _draw(self, _: int, loader: int, age: int) -> None:
        try:
            batch = next(self._passes[loader][_index(age)])
        except StopIteration:
            raise ContradictionError("a batch is drawn from a pass that is over") from None
        self._batches.appendleft(leaves(batch))

    def _end_pass(self, _: int, loader: int, age: int) -> None:
        try:
            next(self._passes[loader][_index(age)])
        except StopIteration:
            return
        raise ContradictionError("a pass is over that has more batches")

    def _forward(self, _: int, module: int, modes: str, operands: Sequence[Any]) -> None:
        self._outputs.appendleft(leaves(self._called(module, modes, operands)))

    def _evaluation(self, _: int, module: int, modes: str, operands: Sequence[Any]) -> None:
        with torch.no_grad():
            self._outputs.appendleft(leaves(self._called(module, modes, operands)))

    def _called(self, number: int, modes: str, operands: Sequence[Any]) -> Any:
        module = self._things.module(number)
        layers = list(module.modules())
        letters = modes * len(layers) if len(modes) == 1 else modes
        if len(letters) != len(layers) or not set(letters) <= {"t", "e"}:
            raise ContradictionError("a module's modes are not those of its layers")
        for layer, letter in zip(layers, letters, strict=True):
            layer.training = letter == "t"
        return module(*[self._operand(operand) for operand in operands])

    def _loss(self, _: int, name: str, operands: Sequence[Any], options: Mapping[str, Any]) -> None:
        self._losses.appendleft(self._computed(name, operands, options))

    def _evaluated_loss(self, _: int, name: str, operands: Sequence[Any], options: Mapping[str, Any]) -> None:
        with torch.no_grad():
            self._computed(name, operands, options)

    def _computed(self, name: str, operands: Sequence[Any], options: Mapping[str, Any]) -> torch.Tensor:
        if name not in LOSSES:
            raise CannotExecuteError("an unknown loss")
        if not options.keys() <= OPTIONS.keys():
            raise CannotExecuteError("an option of a loss")
        given = {key: OPTIONS[key](value) for key, value in options.items()}
        predicted, target = (self._operand(operand) for operand in operands)
        result: torch.Tensor = getattr(torch.nn.functional, name)(predicted, target, **given)
        return result

    def _backward(self, _: int, expression: Any, before: str, retain: bool) -> None:
        if before == "none":
            for parameter in self._things.parameters():
                parameter.grad = None
        elif before == "zero":
            for parameter in self._things.parameters():
                if parameter.grad is not None:
                    parameter.grad.zero_()
        self._value(expression, MAX_DEPTH).backward(retain_graph=bool(retain))  # type: ignore[no-untyped-call]

    def _clip(self, _: int, name: str, limit: float, kind: float) -> None:
        parameters = self._things.trained()
        if name == "clip_grad_norm_":
            torch.nn.utils.clip_grad_norm_(parameters, _number(limit), _number(kind))
        elif name == "clip_grad_value_":
            torch.nn.utils.clip_grad_value_(parameters, _number(limit))
        else:
            raise CannotExecuteError("an unknown way of clipping")

    def _clear(self, _: int, optimizer: int, to_none: bool) -> None:
        if optimizer == -1:
            self._things.module(0).zero_grad(set_to_none=bool(to_none))
        else:
            self._things.optimizer(optimizer).zero_grad(set_to_none=bool(to_none))

    def _step(self, script: int, optimizer: int, closure: Sequence[Op] | None = None) -> None:
        chosen = self._things.optimizer(optimizer)
        if closure is None:
            chosen.step()
            return
        start = self._place

        def again() -> torch.Tensor:
            self._place = start
            for op in closure:
                self._execute(script, op)
            return self._losses[0]

        chosen.step(again)

    def _schedule(self, _: int, scheduler: int) -> None:
        self._things.scheduler(scheduler).step()

    # ── operands ─────────────────────────────────────────────────────────────────────────────────

    def _operand(self, operand: Sequence[Any]) -> torch.Tensor:
        kind, age, place, view = operand
        made = {"b": self._batches, "f": self._outputs}[kind]
        if not 0 <= _index(age) < len(made) or not 0 <= _index(place) < len(made[age]):
            raise ContradictionError("something is used that was never made")
        tensor = made[age][place]
        if view is None:
            return tensor
        if len(view) == 2:
            return tensor.to(DTYPES[view[0]]).reshape([_index(size) for size in view[1]])
        offset, shape, stride = view
        return tensor.as_strided(
            [_index(size) for size in shape],
            [_index(size) for size in stride],
            tensor.storage_offset() + _index(offset),
        )

    def _value(self, expression: Any, depth: int) -> torch.Tensor:
        if not depth:
            raise ContradictionError("an expression is nested too deeply")
        kind, *parts = expression
        if kind == "f":
            return self._operand(expression)
        if kind == "L":
            age = _index(parts[0])
            if age >= len(self._losses):
                raise ContradictionError("a loss goes backward that was never computed")
            return self._losses[age]
        if kind in ("+", "stack"):
            values = [self._value(part, depth - 1) for part in islice(parts[0], KEPT * 4)]
            return torch.stack(values) if kind == "stack" else _sum(values)
        value = self._value(parts[0], depth - 1)
        if kind == "/":
            return value / _number(parts[1])
        if kind == "*":
            return value * _number(parts[1])
        if kind == "-":
            return -value
        if kind == "mean":
            return value.mean()
        if kind == "sum":
            return value.sum()
        raise CannotExecuteError("an unknown expression")


_OPERATIONS: dict[str, Callable[..., None]] = {
    "I": Machine._begin_pass,
    "D": Machine._draw,
    "E": Machine._end_pass,
    "F": Machine._forward,
    "f": Machine._evaluation,
    "L": Machine._loss,
    "l": Machine._evaluated_loss,
    "B": Machine._backward,
    "C": Machine._clip,
    "Z": Machine._clear,
    "S": Machine._step,
    "H": Machine._schedule,
}


class Things:
    """What the exercise made, by the numbers that the spies gave it."""

    def __init__(
        self,
        modules: Callable[[int], torch.nn.Module | None],
        optimizers: Callable[[int], torch.optim.Optimizer | None],
        loaders: Callable[[int], DataLoader[Any] | None],
        schedulers: Callable[[int], Any],
        model: torch.nn.Module,
    ) -> None:
        self._modules, self._optimizers = modules, optimizers
        self._loaders, self._schedulers = loaders, schedulers
        self._model = model

    def module(self, number: int) -> torch.nn.Module:
        """A module of the exercise."""
        return _known(self._modules(_index(number)), "a model that the file makes itself")

    def optimizer(self, number: int) -> torch.optim.Optimizer:
        """An optimizer of the exercise."""
        return _known(self._optimizers(_index(number)), "an optimizer that the file makes itself")

    def loader(self, number: int) -> DataLoader[Any]:
        """A loader of the exercise."""
        return _known(self._loaders(_index(number)), "a loader that the file makes itself")

    def scheduler(self, number: int) -> Any:
        """A scheduler of the exercise."""
        return _known(self._schedulers(_index(number)), "a scheduler that the file makes itself")

    def parameters(self) -> list[torch.nn.Parameter]:
        """All parameters of the graded model."""
        return list(self._model.parameters())

    def trained(self) -> list[torch.nn.Parameter]:
        """Those that a clip is taken to be of."""
        return self.parameters()


def _known(thing: Any, otherwise: str) -> Any:
    if thing is None:
        raise CannotExecuteError(otherwise)
    return thing


def _whole(value: Any) -> bool:
    return type(value) is int


def _index(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ContradictionError("a number is not one")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ContradictionError("a number is not one")
    return float(value)


def _sum(values: list[torch.Tensor]) -> torch.Tensor:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _oldest(scripts: Mapping[int, Sequence[Op]], kind: str) -> int:
    """The largest age with which a loss ("L") or an output ("f") is used, so that no graph is kept longer."""
    found = 0

    def look(value: Any) -> None:
        nonlocal found
        if not isinstance(value, list):
            return
        if len(value) in (2, 4) and value[0] == kind and type(value[1]) is int:
            found = max(found, min(value[1], KEPT * 4))
        for part in value:
            look(part)

    for ops in scripts.values():
        look(list(ops))
    return found
