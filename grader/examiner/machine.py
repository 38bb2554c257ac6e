"""The machine: executes a claimed program on what an exercise makes, operation by operation.

Whatever the program says, nothing happens here but what `_OPERATIONS` lists: drawing from loaders over the
exercise's own data, calling its own modules, losses of torch.nn.functional, backward, clipping, steps of its
optimizers and of torch's own, its schedulers, and the functions of `functions`.  The program is a claim of a process
that ran a student's code: every operand is checked before it is used.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from grader.examiner import functions
from grader.examiner.modes import autocast, frozen, set_modes
from grader.examiner.modules import Told, build
from grader.examiner.operands import MAX_DEPTH, TINY, Op, Poison, poisoned
from grader.examiner.origins import computed, places, tensors
from grader.examiner.passes import Passes
from grader.examiner.things import Cannot, Contradiction, Things, TooLong, index, number
from sandbox.generators import MAX_DRAWN, skip
from sandbox.spies.loss import LOSSES
from sandbox.spies.operands import KEPT, leaves

MOST = 1 << 25  # elements of a tensor that a function makes
OPTIONS: dict[str, Callable[[Any], Any]] = {
    "reduction": str,
    "label_smoothing": float,
    "ignore_index": int,
    "beta": float,
    "delta": float,
    "log_target": bool,
}
SILENT = tuple("IEGMNOPQRVXY=~")  # operations that are no beats


class Machine(Passes):
    """Executes scripts over the things an exercise made, by the numbers that the spies gave them.

    `before` is called with script and place of each beat before it happens, `making` with the letter and number of a
    pass, loader or optimizer before it is made; `until` is a time of time.monotonic().
    """

    def __init__(
        self,
        things: Things,
        scripts: Mapping[int, Sequence[Op]],
        numbers: Sequence[Any],
        constants: Sequence[Any],
        before: Callable[[int, int], None],
        making: Callable[[str, int], None],
        until: float,
    ) -> None:
        super().__init__(things, scripts, numbers, constants, making)
        self._scripts = scripts
        self._before = before
        self._until = until
        self._place = 0  # among the beats of the script
        self._steps = 0
        self.own_rates = (
            False  # whether a setting was changed to anything but the exercise's rate of its step
        )

    def run(self, items: Sequence[Any], depth: int = 0) -> None:
        """Execute scripts in the order of `Program.items`."""
        if depth > MAX_DEPTH:
            raise Contradiction("the program's order is nested too deeply")
        for item in items:
            what, times = item if isinstance(item, list) and len(item) == 2 else (None, None)
            if type(times) is not int or times < 1:
                raise Contradiction("the program's order is not one")
            for _ in range(times):
                self._hurry()
                if isinstance(what, list):
                    self.run(what, depth + 1)
                elif type(what) is int and what in self._scripts:
                    self._run_script(what)
                else:
                    raise Cannot("its steps are of too many kinds")

    def _hurry(self) -> None:
        if time.monotonic() > self._until:
            raise TooLong("the replay took longer than it may")

    def _run_script(self, script: int) -> None:
        self._place = 0
        for op in self._scripts[script]:
            self._execute(script, op)
        self._stretch += 1
        self._values[self._stretch] = []
        if self._stretch >= 2 and self._stretch - 2 not in self._kept:
            del self._values[self._stretch - 2]

    def _execute(self, script: int, op: Op) -> None:
        if not isinstance(op, list) or not op or not isinstance(op[0], str):
            raise Contradiction("an operation is not one")
        self._hurry()
        kind, *operands = op
        execute = _OPERATIONS.get(kind)
        if execute is None:
            raise Cannot("an unknown operation")
        if kind not in SILENT and kind != "?":
            self._before(script, self._place)
            self._place += 1
        try:
            execute(self, script, *operands)
        except (Cannot, Contradiction, TooLong):
            raise
        except Exception as error:  # whatever torch makes of what is claimed
            raise Contradiction(f"operation {kind} fails: {type(error).__name__}: {error}"[:300]) from error

    def _pass_over(
        self, _: int, beat: Any = "", why: Any = "an unknown operation", quiet: Any = False
    ) -> None:
        """An evaluation that changes nothing is left out; what it gave may not be used."""
        if beat not in ("f", "l") or quiet is not True:
            raise Cannot(str(why)[:200])
        self._place += 1
        if beat == "f":
            self._outputs.appendleft([Poison(str(why))] * KEPT)
        elif self._things.traced:
            self._losses.appendleft(Poison(str(why)))

    # ── batches and models ───────────────────────────────────────────────────────────────────────

    def _ask(self, _: int, name: str, args: Sequence[Any], modes: str, gradients: Any) -> None:
        given = [value for value in args if isinstance(value, (str, int, float))]
        set_modes(self._things.given, modes)
        with torch.set_grad_enabled(bool(gradients)):
            self._hold_batch(self._things.function(name)(*given))

    def _forward(
        self,
        _: int,
        module: int,
        modes: str,
        operands: Sequence[Any],
        precision: str = "",
        recomputed: bool = False,
    ) -> None:
        with autocast(precision):
            self._hold_output(*self._called(module, modes, operands, recomputed=recomputed))

    def _evaluation(
        self, _: int, module: int, modes: str, operands: Sequence[Any], precision: str = ""
    ) -> None:
        with torch.no_grad(), autocast(precision):
            self._hold_output(*self._called(module, modes, operands))

    def _called(self, which: int, modes: str, operands: Sequence[Any], *, recomputed: bool = False) -> Any:
        module = self._things.module(which)
        set_modes(module, modes)
        given = [self._operand(operand) for operand in operands]
        with frozen(module, modes.isupper()):
            output = checkpoint(module, *given, use_reentrant=False) if recomputed else module(*given)
        return output, given

    # ── losses and gradients ─────────────────────────────────────────────────────────────────────

    def _loss(
        self, _: int, name: str, operands: Sequence[Any], options: Mapping[str, Any], precision: str = ""
    ) -> None:
        with autocast(precision):
            self._hold_loss(*self._computed(name, operands, options))

    def _evaluated_loss(
        self, _: int, name: str, operands: Sequence[Any], options: Mapping[str, Any], precision: str = ""
    ) -> None:
        with torch.no_grad(), autocast(precision):
            loss, letters = self._computed(name, operands, options)
        if self._things.traced:
            self._hold_loss(loss, letters)

    def _computed(
        self, name: str, operands: Sequence[Any], options: Mapping[str, Any]
    ) -> tuple[torch.Tensor, str]:
        """A loss, and the letters of its target and output that are of moment once it goes backward."""
        if name not in LOSSES:
            raise Cannot("an unknown loss")
        if not options.keys() <= OPTIONS.keys():
            raise Cannot("an option of a loss")
        given = {key: OPTIONS[key](value) for key, value in options.items()}
        self.by_hand = self.by_hand or any(operand[0] == "p" for operand in operands)
        predicted, target = (self._operand(operand) for operand in operands)
        result: torch.Tensor = getattr(torch.nn.functional, name)(predicted, target, **given)
        return result, "".join({*self._origins.of([predicted, target])} & {"c", "h"})

    def _backward(self, _: int, expression: Any, before: str, retain: bool, weight: Any = None) -> None:
        for parameter in self._things.parameters():
            if before == "none":
                parameter.grad = None
            elif before == "zero" and parameter.grad is not None:
                parameter.grad.zero_()
        given = None if weight is None else self._operand(weight)
        root = self._checked(expression, given)
        root.backward(given, retain_graph=bool(retain))  # type: ignore[no-untyped-call]
        weighed = given is not None or expression[0] != "L"
        if weighed and before != "kept" and not self.cut and self._gave_nothing():
            raise Cannot("a loss that is weighed with nothing")

    def _gave_nothing(self) -> bool:
        """Whether a backward left no gradient worth the name."""
        grads = [item.grad for item in self._things.parameters() if item.grad is not None]
        return all(float(grad.abs().max()) < TINY for grad in grads if grad.numel())

    def _checked(self, expression: Any, weight: torch.Tensor | None = None) -> torch.Tensor:
        """What goes backward, which may compare outputs with the step's own data only.  Raises Cannot."""
        self._root = set()
        root = self._value(expression, MAX_DEPTH)
        self._root |= set(self._origins.of(weight))
        if "c" in self._root:
            raise Cannot("what goes backward was computed from more than the data of its step")
        if "h" in self._root:
            raise Cannot("what goes backward was computed from held-out data")
        return root

    def _differentiate(self, _: int, expression: Any, operands: Sequence[Any]) -> None:
        wanted = [self._operand(operand) for operand in operands]
        given = torch.autograd.grad(self._checked(expression), wanted)
        self._origins.fresh(given, "g")
        self._values[self._stretch] += given

    def _clip(self, _: int, name: str, limit: float, kind: float, which: Sequence[Any] | None = None) -> None:
        parameters: list[Any] = self._things.parameters()
        if which is not None:
            parameters = [self._things.parameter(item) for item in which]
        if name == "clip_grad_norm_":
            torch.nn.utils.clip_grad_norm_(parameters, _bound(limit), _bound(kind))
        elif name == "clip_grad_value_":
            torch.nn.utils.clip_grad_value_(parameters, _bound(limit))
        else:
            raise Cannot("an unknown way of clipping")

    # ── optimizers ───────────────────────────────────────────────────────────────────────────────

    def _build(self, _: int, name: str, groups: Sequence[Any]) -> None:
        self._making("O", self._things.optimizers)
        self._things.make_optimizer(name, groups)

    def _clear(self, _: int, optimizer: int, to_none: bool) -> None:
        if optimizer == -1:
            self._things.clear(to_none=bool(to_none))
        else:
            self._things.optimizer(optimizer).zero_grad(set_to_none=bool(to_none))

    def _set(self, _: int, optimizer: int, places: Sequence[Any]) -> None:
        groups = self._things.optimizer(optimizer).param_groups
        for place, key in islice(places, KEPT):
            if key not in ("lr", "momentum", "weight_decay", "betas"):
                raise Cannot("an unknown setting of an optimizer")
            value = next(self._numbers)
            given = islice(self._things.rates, self._steps, self._steps + 1)
            self.own_rates = self.own_rates or key != "lr" or value not in given
            groups[index(place)][key] = (value, next(self._numbers)) if key == "betas" else value

    def _step(
        self, script: int, optimizer: int, closure: Sequence[Op] | None = None, scaler: int | None = None
    ) -> None:
        chosen = self._things.optimizer(optimizer)
        if scaler is None and self._things.overflown():  # a scaler looks for itself, and has to
            return
        start = self._place
        self._steps += 1

        def again() -> Any:
            self._hurry()
            self._place = start
            for op in closure or ():
                self._execute(script, op)
            return self._losses[0] if self._losses else None

        if scaler is not None:
            self._things.scaler(scaler).step(chosen)
        elif closure is None:
            chosen.step()
        else:
            chosen.step(again)

    def _make_scaler(self, _: int, made: int, enabled: bool, settings: Mapping[str, Any]) -> None:
        self._things.make_scaler(made, bool(enabled), settings)

    def _scale(self, _: int, scaler: int, expression: Any) -> None:
        self._hold_loss(self._things.scaler(scaler).scale(self._checked(expression)))

    def _unscale(self, _: int, scaler: int, optimizer: int) -> None:
        self._things.scaler(scaler).unscale_(self._things.optimizer(optimizer))

    def _skip(self, _: int, scaler: int, optimizer: int) -> None:
        self._things.scaler(scaler).step(self._things.optimizer(optimizer))

    def _update(self, _: int, scaler: int, scale: float | None = None) -> None:
        self._things.scaler(scaler).update(None if scale is None else number(scale))

    def _return(self, _: int, operands: Sequence[Any]) -> None:
        self._things.returned = [self._operand(operand) for operand in islice(operands, KEPT * KEPT)]
        self.by_hand = True
        for tensor in self._things.returned:
            if "d" in (origin := self._origins.of(tensor)) and "g" not in origin:
                raise Cannot("parameters that come from the data, and not from a gradient")

    def _schedule(self, _: int, scheduler: int) -> None:
        if (known := self._things.scheduler(scheduler)) is not None:
            known.step()

    def _seed(self, _: int, seed: int, count: int | None = None) -> None:
        if count is None:
            torch.manual_seed(index(seed))
            return
        if index(count) > MAX_DRAWN:
            raise Cannot("a generator's state")
        torch.default_generator.manual_seed(
            index(seed)
        )  # unseen: what is told so is no seeding of the file's
        skip(torch.default_generator, count)

    # ── modules of the file's own ────────────────────────────────────────────────────────────────

    def _make_module(self, _: int, made: int, tree: Any) -> None:
        self._things.hold_module(made, build(tree, self._things.first, self._own_module))

    def _give_body(self, _: int, module: int, body: int) -> None:
        told = self._things.module(module)
        if not isinstance(told, Told) or body not in self._things.bodies:
            raise Contradiction("a forward that was not told")
        told.body = self._things.bodies[body]

    # ── operations of the student's own code ─────────────────────────────────────────────────────

    def _call(
        self, _: int, name: str, args: Sequence[Any], kwargs: Any, given: int, precision: str = ""
    ) -> None:
        if index(given) > KEPT * KEPT:
            raise Contradiction("an operation that gives too much")
        called = functions.function(name)
        values = self._values[self._stretch]
        arguments = [self._argument(value) for value in args]
        named = self._argument(kwargs)
        poison = poisoned([arguments, named]) or (None if called is not None else Poison(name))
        if poison is not None:
            if functions.writes(name) and not isinstance(arguments[0] if arguments else None, Poison):
                raise Cannot(f"an operation of its own: {poison.name}"[:80])
            values += [poison] * given
            return
        assert called is not None
        if functions.makes(name) and functions.elements([arguments, named]) > MOST:
            raise Cannot("a tensor that is too large")
        if isinstance(named, dict) and "out" in named:
            raise Cannot("an operation that writes to its `out`")
        origin = self._origins.of([arguments, named])
        changed = list(tensors(functions.written(name, arguments, named)))
        self._written(changed, origin)
        versions = [(tensor, tensor._version) for tensor in tensors([arguments, named])]
        with autocast(precision):
            result = leaves(called(*arguments, **named))
        if len(result) != given:
            raise Contradiction("an operation gave another number of tensors")
        moved = [tensor for tensor, version in versions if tensor._version != version]
        self._written(moved, origin)  # functions that can be asked to work in place
        if functions.ignores(name):
            origin = ""
        elif not functions.picks(name):
            origin = computed(origin)
        self._origins.made([*changed, *moved, *result], origin, [arguments, named])
        values += result

    def _written(self, written: Sequence[torch.Tensor], origin: str) -> None:
        """Something is changed by hand: a parameter or gradient may not come from the data but by a gradient."""
        changed = set(places(written))
        if not changed:
            return
        if changed & self._things.data():
            raise Cannot("data that the file changes")
        own: list[Any] = [[item, item.grad] for item in self._things.parameters()]
        if changed & set(places(self._things.statistics())) and {"d", "u"} & set(origin):
            raise Cannot("statistics that the file fills from the data")
        if changed & set(places(own)):
            self.by_hand = True
            if {"d", "u"} & set(origin) and "g" not in origin:
                raise Cannot("parameters that come from the data, and not from a gradient")

    def _call_without(
        self, _: int, name: str, args: Sequence[Any], kwargs: Any, given: int, precision: str = ""
    ) -> None:
        with torch.no_grad():
            self._call(_, name, args, kwargs, given, precision)


_OPERATIONS: dict[str, Callable[..., None]] = {
    "A": Machine._differentiate,
    "B": Machine._backward,
    "C": Machine._clip,
    "D": Machine._draw,
    "E": Machine._end_pass,
    "F": Machine._forward,
    "H": Machine._schedule,
    "I": Machine._begin_pass,
    "L": Machine._loss,
    "M": Machine._make_loader,
    "N": Machine._seed,
    "O": Machine._build,
    "P": Machine._make_module,
    "Q": Machine._ask,
    "R": Machine._set,
    "G": Machine._make_scaler,
    "K": Machine._skip,
    "S": Machine._step,
    "T": Machine._update,
    "U": Machine._unscale,
    "V": Machine._give_body,
    "X": Machine._scale,
    "Y": Machine._return,
    "Z": Machine._clear,
    "a": Machine._differentiate,
    "f": Machine._evaluation,
    "l": Machine._evaluated_loss,
    "=": Machine._call,
    "~": Machine._call_without,
    "?": Machine._pass_over,
}


def _bound(value: Any) -> float:
    """A clip's limit, or the kind of its norm; a trace says "inf" of the infinite one."""
    return math.inf if value in ("inf", math.inf) else number(value)
