"""Scripts: each step's operations with their operands, for a trusted process to execute again.

What cannot be told so that it could be executed is said to be unknown; the file is then run once more with
`tracing` on, which tells every operation of torch that the student's own code calls.
"""

from __future__ import annotations

import functools
import inspect
import json
import weakref
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import BatchSampler, RandomSampler, SequentialSampler, TensorDataset, default_collate

from sandbox import trace
from sandbox.spies import arguments
from sandbox.spies.calls import CallLog, Op, precision
from sandbox.spies.graphs import first_tensor
from sandbox.spies.operands import Leaf, leaves
from sandbox.spies.order import OrderLog

if TYPE_CHECKING:
    from sandbox.spies.recorder import Recorder
    from sandbox.spies.registry import ModuleInfo, OptimizerInfo

MAX_LAYERS = 128
MAX_NUMBERS = 200_000  # characters of settings that changed and of constants, which one record holds
MAX_ALIKE = 3  # steps that differ in nothing but their numbers
SETTINGS = ("lr", "momentum", "betas", "weight_decay")  # of an optimizer's groups, that may change
SCALER = ("scale", "growth_factor", "backoff_factor", "growth_interval")
UNKNOWN = "?"


class ScriptLog(CallLog):
    """The operations of the step under way, and the order of all scripts so far."""

    silent = False  # whether nothing is told

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self.order = OrderLog()
        self.last: list[Op] = []  # of the step before
        self.again = False  # whether the last two steps were alike
        self.inside = False  # of a root module's forward
        self.tracing = False  # whether operations of the student's code are told
        self.busy = False  # a loss is being computed
        self._text = ""
        self._layers: dict[int, list[torch.nn.Module]] = {}  # of root modules, by number
        self._passes: dict[int, int] = {}  # by loader, how many were begun
        self._closures: list[int] = []  # where the operations of closures begin
        self._births = 0  # optimizers of the file's own so far
        self._numbers: list[list[float]] = []  # settings as they changed: a number, and how often in turn
        self._constants: list[list[float]] = []  # numbers in operations that differ from step to step
        self._forms: dict[str, set[str]] = {}  # of steps, by what they are without their numbers
        self._room = MAX_NUMBERS
        self.scaler: int | None = None  # whose step is under way
        self.pending: list[list[Any]] | None = None  # settings that changed, and were not expected to

    def boundary(self) -> None:
        """A step is over, or became too long."""
        if self._closures:  # of a step that is not over
            self._closures.clear()
            self.unknown("", "a closure of too many operations")
        ops, self.ops = self.ops, []
        self.operands.stretch += 1
        self.operands.place = 0
        if not self.tracing and ops == self.last and self._text:
            self.again = True
            self.order.add(self._text)
            return
        text = json.dumps(ops, separators=(",", ":"))
        if self.tracing:
            ops, text = self._without_constants(ops, text)
        self.again = text == self._text
        self._text, self.last = text, ops
        number, new = self.order.add(text)
        if new:
            self._recorder.write(trace.Script(id=number, ops=ops))

    def _without_constants(self, ops: list[Op], text: str) -> tuple[list[Op], str]:
        """A step whose numbers are others each time: they are told apart from its operations."""
        numbers: list[float] = []
        bare = [[*op[:2], *arguments.bare(op[2:4], numbers), *op[4:]] if op[0] in "=~" else op for op in ops]
        if not numbers:
            return ops, text
        form = json.dumps(bare, separators=(",", ":"))
        seen = self._forms.setdefault(form, {text})
        if len(seen) <= MAX_ALIKE:
            seen.add(text)
        if len(seen) <= MAX_ALIKE:
            return ops, text
        for number in numbers:
            self._note(number, self._constants)
        return bare, form

    @property
    def repeats(self) -> bool:
        """Whether one more of the last script would only be counted."""
        return self.again and self.order.repeats and not self.tracing

    def repeated(self, times: int) -> None:
        """The last script came so many times more."""
        self.order.again(times)
        self.operands.stretch += times

    def retell(
        self,
        beat: str,
        batches: Iterator[Any],
        outputs: Iterator[list[Leaf]],
        *,
        marked: bool,
    ) -> None:
        """A beat of a step that was like the one before up to here, and then was not: it is as it was then."""
        place = len(self.ops)
        op = self.last[place] if place < len(self.last) else [UNKNOWN, beat, "not told"]
        self.add(op)
        if beat == "D":
            self.operands.hold_batch(next(batches, None))
        elif beat == "F":
            self.operands.hold_output(next(outputs, []), marked=marked)

    def record(self) -> trace.Program | None:
        """The order of all scripts."""
        if self._indices:
            self._write_indices()
        truncated = self.order.truncated or self._full
        return trace.Program(
            items=self.order.items, numbers=self._numbers, constants=self._constants, truncated=truncated
        )

    # ── operations ───────────────────────────────────────────────────────────────────────────────

    def unknown(self, beat: str, why: str) -> None:
        """Note a beat whose operation cannot be told."""
        self.add([UNKNOWN, beat, why])

    def met(self, number: int, loader: Any, given: bool) -> None:
        """A loader is seen for the first time."""
        self._loaders.append((weakref.ref(loader), number))
        if not given:
            same = next(
                (
                    of
                    for ref, of in self._loaders[:-1]
                    if (it := ref()) is not None and it.dataset is loader.dataset
                ),
                None,
            )
            self._make_loader(number, loader, same)
        self.operands.hold_data(number, loader.dataset)  # not before: a loader is not made of its own data

    def _make_loader(self, number: int, loader: Any, same: int | None) -> None:
        generators = [
            of
            for ref, of in self._loaders[:-1]
            if loader.generator is not None and (it := ref()) is not None and it.generator is loader.generator
        ]
        tensors = None
        if same is None and type(loader.dataset) is TensorDataset:
            tensors = [self.operands.find(tensor, content=False) for tensor in loader.dataset.tensors]
        kinds = {SequentialSampler: "sequential", RandomSampler: "random"}
        batches: Any = loader.batch_sampler
        sampler = getattr(batches, "sampler", None)
        making = self._recorder.making
        own = None if making is None else making.reading.source(loader.dataset)
        plain = (
            (same is not None or own is not None or (tensors is not None and None not in tensors))
            and type(batches) is BatchSampler
            and type(sampler) in kinds
            and loader.collate_fn is default_collate
            and (not loader.num_workers or own is not None)
            and getattr(sampler, "_num_samples", None) is None
            and (loader.generator is None or generators)
            and not getattr(sampler, "replacement", False)
            and getattr(sampler, "data_source", None) is loader.dataset
            and getattr(sampler, "generator", None) is loader.generator
        )
        if not plain:
            self.unknown("", "a loader that the file makes itself")
            return
        source = ["d", same] if same is not None else own or ["t", tensors]
        shuffled = kinds[type(sampler)] == "random"
        generator = generators[0] if generators else -1
        self.add(["M", number, source, batches.batch_size, shuffled, bool(batches.drop_last), generator])

    def asked(self, name: str, args: tuple[Any, ...], result: Any, started: tuple[int, int]) -> None:
        """A function of the exercise was called, and gave tensors; they count as a batch."""
        if not leaves(result):
            return
        same_step = started[1] == self.operands.stretch
        if not same_step or not all(isinstance(value, (str, int, float)) for value in args):
            self.unknown("", "a function of the exercise")
        else:
            modules = self._recorder.registry.modules[:1]
            modes = [_modes(module) for info in modules if (module := info.ref()) is not None]
            self.ops.insert(started[0], ["Q", name, list(args), *modes, torch.is_grad_enabled()])
        self.operands.hold_batch(result)

    def opened(self, number: int, loader: Any) -> int:
        """A pass over a loader begins; its number among those of that loader."""
        epoch = getattr(getattr(loader, "sampler", None), "epoch", None)
        self._passes[number] = passes = self._passes.get(number, 0) + 1
        self.add(["I", number] if type(epoch) is not int else ["I", number, epoch])
        return passes

    def drawn(self, loader: int, number: int, batch: Any) -> None:
        """A batch of the loader's pass of that number."""
        self.add(["D", loader, self._passes.get(loader, 0) - number])
        self.operands.hold_batch(batch)

    def ended(self, loader: int, number: int) -> None:
        """The loader's pass of that number was asked for more, and had none."""
        self.add(["E", loader, self._passes.get(loader, 0) - number])

    def forward(
        self, info: ModuleInfo, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """A root module is called."""
        if self.asking:
            return
        operands = [self.operands.find(value) for value in args]
        beat = "F" if torch.is_grad_enabled() else "f"
        number, (modes, replaced) = info.number, self._look_at(info, module)
        if (inner := getattr(module, "_orig_mod", None)) is not None:  # what torch.compile was given
            known = self._recorder.registry.module(inner)
            number = -1 if known is None else known.number
        making = self._recorder.making
        why = making.called(info, module, modes, args) if making is not None and not info.given else ""
        if why:
            self.add([UNKNOWN, beat, why, modes.lower() == "e"])
        elif replaced:
            self.add([UNKNOWN, beat, "parameters that the file put in place of the model's"])
        elif kwargs or None in operands or number < 0:
            self.add([UNKNOWN, beat, "an input of the model", modes.lower() == "e"])
        else:
            self.add([beat, number, modes, operands, *precision()])
        self.inside = True

    def _look_at(self, info: ModuleInfo, module: torch.nn.Module) -> tuple[str, bool]:
        """A module's modes, as `_modes` has them, and whether other parameters stand in place of its own."""
        find = self._recorder.registry.find
        layers = self._layers.get(info.number)
        if layers is None or layers[0] is not module or self.tracing:
            layers = list(module.modules())
            if info.given:  # others may be gone long before the run ends
                self._layers[info.number] = layers
        training, required, numbers = layers[0].training, False, []
        for layer in layers:
            if layer.training is not training:
                break
            for tensor in layer._parameters.values():
                if tensor is not None:
                    required = required or tensor.requires_grad
                    numbers.append(find(tensor))
        else:
            if numbers == info.params and required:
                return "t" if training else "e", False
        return _modes(module), [find(tensor) for tensor in module.parameters()] != info.params

    def made(self, output: Any) -> None:
        """It has returned."""
        self.inside = False
        if self.asking:
            return
        self.operands.hold_output([weakref.ref(leaf) for leaf in leaves(output)])

    def loss(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """A loss of torch.nn.functional was computed; inside a module it comes with the forward."""
        if self.inside or self.asking:
            return
        training = torch.is_grad_enabled()
        operands = [self.operands.find(value) for value in args[:2]]
        options = {**dict(zip(_positions(name), args[2:], strict=False)), **kwargs}
        options = {key: value for key, value in options.items() if value is not None}
        beat = "L" if training else "l"
        if (
            len(operands) < 2
            or None in operands
            or not all(isinstance(value, (bool, int, float, str)) for value in options.values())
        ):
            self.add([UNKNOWN, beat, "an operand of the loss", True])
        else:
            self.add([beat, name, operands, options, *precision()])
        if isinstance(result, torch.Tensor) and (training or self.tracing):
            self.operands.hold_loss(result.grad_fn, result)

    def backward(self, root: torch.Tensor | None, given: Any, plain: bool, retain: bool) -> Any:
        """A backward, from a gradient that is `given`; `plain`: without arguments that cannot be told.

        What of, as an expression, where it is one that the next step's can be compared with.
        """
        expression = self.operands.expression(root)
        weight = None if given is None else self.operands.find(first_tensor((given,)), content=False)
        if not plain or expression is None or (given is not None and weight is None):
            self.unknown("B", "what goes backward")
            return None
        self.add(["B", expression, self._gradients(), retain, *([] if weight is None else [weight])])
        return expression if weight is None else None

    def seeded(self, name: str, seed: int) -> None:
        """torch's global generator was seeded."""
        if (making := self._recorder.making) is not None:
            making.seeded()
        if name == "manual_seed" and seed >= 0:
            self.add(["N", seed])
        else:
            self.unknown("", "a generator's state")

    def differentiated(self, beat: str, outputs: Any, inputs: Sequence[Any], plain: bool) -> None:
        """A call of autograd.grad, whose results are values."""
        roots = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
        expression = self.operands.expression(roots[0]) if len(roots) == 1 else None
        operands = [self.operands.find(value) for value in inputs]
        if not plain or not self.tracing or expression is None or None in operands:
            self.unknown(beat, "gradients by autograd.grad")
        else:
            self.add([beat, expression, operands])

    def gave_gradients(self, result: Any) -> None:
        """What autograd.grad gave."""
        if self.tracing:
            for leaf in leaves(result):
                self.operands.hold_value(leaf)

    def clipped(self, name: str, parameters: Any, limit: Any, kind: Any) -> None:
        """Gradients were clipped; those of a generator are taken to be all."""
        found: list[Any] | None = None
        if isinstance(parameters, (list, tuple, torch.Tensor)):
            listed = [parameters] if isinstance(parameters, torch.Tensor) else parameters
            found = [self._recorder.registry.find(tensor) for tensor in listed]
        if isinstance(limit, (int, float)) and isinstance(kind, (int, float)):
            self.add(["C", name, float(limit), float(kind), *([] if found is None else [found])])
        else:
            self.unknown("C", "a clip's limit")

    def optimizer(self, optimizer: torch.optim.Optimizer) -> int:
        """What an optimizer is called: one of the exercise by its number, one of the file's by its age.

        -2 is the newest, so that steps that make one anew each time are equal.
        """
        info = self._recorder.registry.optimizer(optimizer)
        return info.number if info.birth is None else info.birth - self._births - 2

    def built(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> None:
        """The student's code made an optimizer."""
        self._births += 1
        info.birth = self._births
        kind = type(optimizer)
        groups = [_group(self, group) for group in optimizer.param_groups]
        own = vars(torch.optim).get(kind.__name__) is not kind
        if None in groups or (own and not self.tracing):
            self.unknown("", "an optimizer of the file's own kind")
        else:
            self.add(["O", "" if own else kind.__name__, groups])
        info.settings = _settings(optimizer)

    def step_begins(self, optimizer: torch.optim.Optimizer, closure: bool) -> None:
        """A step was called, perhaps with a closure; an optimizer of the file's own kind is one itself."""
        kind = type(optimizer)
        self._closures.clear()  # one that raised never said that it ended
        if closure or (self.tracing and vars(torch.optim).get(kind.__name__) is not kind):
            self._closures.append(len(self.ops))

    # ── gradient scalers ─────────────────────────────────────────────────────────────────────────

    def scaler_made(self, number: int, scaler: torch.amp.GradScaler) -> None:
        """The student's code made a scaler."""
        settings = {key: value for key, value in scaler.state_dict().items() if key in SCALER}
        names = {"scale": "init_scale"}
        plain = {names.get(key, key): value for key, value in settings.items()}
        self.add(["G", number, scaler.is_enabled(), plain])

    def scale(self, number: int, args: tuple[Any, ...]) -> Op:
        """A scaler is asked to scale a loss; what is to be added once it has."""
        expression = self.operands.expression(args[0]) if isinstance(args[0], torch.Tensor) else None
        return [UNKNOWN, "", "what is scaled"] if expression is None else ["X", number, expression]

    def scaled(self, op: Op, result: Any) -> None:
        """It has; the result counts as a loss."""
        self.add(op)
        if isinstance(result, torch.Tensor):
            self.operands.hold_loss(result.grad_fn, result)

    def updated(self, number: int, args: tuple[Any, ...]) -> None:
        """A scaler updates its scale, perhaps to one that it is given."""
        if not args or args[0] is None:
            self.add(["T", number])
        elif isinstance(args[0], float):
            self.add(["T", number, args[0]])
        else:
            self.unknown("T", "a scale of the file's own")

    def recomputed(self, module: torch.nn.Module) -> None:
        """A forward is computed once more while its graph is differentiated."""
        info = self._recorder.registry.module(module)
        for place in range(len(self.ops) - 1, -1, -1):
            op = self.ops[place]
            if op[0] == "F" and info is not None and op[1] == info.number:
                self.ops[place] = [*op[:4], op[4] if len(op) > 4 else "", True]
                return

    def by_scaler(self, beat: str, number: int, args: tuple[Any, ...]) -> None:
        """A scaler unscales the gradients of an optimizer, or skips its step."""
        if args and isinstance(args[0], torch.optim.Optimizer):
            self.add([beat, number, self.optimizer(args[0])])
        else:
            self.unknown(beat, "a gradient scaler")

    def stepped(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer stepped, and called its closure where it had one."""
        body = None
        if self._closures:
            start = self._closures.pop()
            body = repeating(self.ops[start:])
            del self.ops[start:]
        changed, self.pending = self.pending, None
        if changed is None:
            changed = self.changed(info, optimizer)
        number = self.optimizer(optimizer)
        if changed:
            self.add(["R", number, changed])
        more = [] if body is None and self.scaler is None else [body]
        self.add(["S", number, *more, *([] if self.scaler is None else [self.scaler])])

    def changed(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> list[list[Any]]:
        """Which settings of which groups are others than at its last step; they are noted."""
        now = _settings(optimizer)
        before, info.settings = info.settings, now
        if before is None or before == now or len(before) != len(now):
            return []
        found = []
        for place, (old, new) in enumerate(zip(before, now, strict=True)):
            for key, was, value in zip(SETTINGS, old, new, strict=True):
                if was != value:
                    found.append([place, key])
                    for item in value if isinstance(value, list) else [value]:
                        self._note(float(item), self._numbers)
        return found

    def explained(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> None:
        """What an optimizer's settings are now follows from what was told."""
        info.settings = _settings(optimizer)

    def first_seen(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> None:
        """The settings an optimizer of the exercise begins with."""
        if info.settings is None:
            info.settings = _settings(optimizer)

    def _note(self, number: float, numbers: list[list[float]]) -> None:
        if numbers and numbers[-1][0] == number:
            numbers[-1][1] += 1
        elif self._room > 0:
            numbers.append([number, 1])
            self._room -= len(repr(number)) + 5
        else:
            self._full = True

    def _gradients(self) -> str:
        """Whether the gradients of all parameters are none, zero, or kept from before."""
        found = []
        for ref in self._recorder.registry.tensors.values():
            tensor = ref()
            if tensor is not None and tensor.is_leaf and tensor.grad is not None:
                found.append(tensor.grad)
        if not found:
            return "none"
        return "kept" if self.tracing or any(bool(grad.any()) for grad in found) else "zero"

    def returned(self, state: list[torch.Tensor]) -> None:
        """The tensors of a model that was handed back in place of the given one."""
        operands = [self.operands.find(tensor, content=False) for tensor in state]
        if None in operands:
            self.unknown("", "a model that the file makes itself")
        else:
            self.add(["Y", operands])


def repeating(ops: list[Op]) -> list[Op]:
    """The shortest stretch of operations that, again and again, makes up all of them."""
    for size in range(1, len(ops) // 2 + 1):
        if len(ops) % size == 0 and ops == ops[:size] * (len(ops) // size):
            return ops[:size]
    return ops


@functools.cache
def _positions(loss: str) -> tuple[str, ...]:
    """What a loss of torch.nn.functional calls its arguments after the first two."""
    return tuple(inspect.signature(getattr(torch.nn.functional, loss)).parameters)[2:]


def _modes(module: torch.nn.Module) -> str:
    """The layers' modes, in capitals where none of the parameters requires a gradient."""
    letters = "".join("t" if layer.training else "e" for layer in module.modules())[:MAX_LAYERS]
    modes = letters[0] if len(set(letters)) == 1 else letters
    return modes if any(tensor.requires_grad for tensor in module.parameters()) else modes.upper()


def _group(log: ScriptLog, group: dict[str, Any]) -> Any:
    """A group of an optimizer's parameters with its plain settings; None where it cannot be told."""
    operands = [log.operands.find(tensor, content=False) for tensor in group["params"]]
    settings = {key: value for key, value in group.items() if key != "params"}
    plain: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, (tuple, list)) and all(isinstance(item, (int, float)) for item in value):
            plain[key] = {"l": list(value)}
        elif value is None or isinstance(value, (bool, int, float, str)):
            plain[key] = value
        else:
            return None
    return (
        None
        if None in operands or any(op[0] != "p" for op in operands if op)
        else [[op[1] for op in operands if op], plain]
    )


def _settings(optimizer: torch.optim.Optimizer) -> list[list[Any]]:
    """The settings of each group that may change while a loop runs."""
    return [[_plain(group.get(key)) for key in SETTINGS] for group in optimizer.param_groups]


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [float(item) for item in value]
    if isinstance(value, torch.Tensor):
        return float(value) if value.numel() == 1 else None
    return float(value) if isinstance(value, (int, float)) else None
