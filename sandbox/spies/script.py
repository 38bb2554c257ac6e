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
from sandbox.spies.calls import Op, precision
from sandbox.spies.graphs import first_tensor
from sandbox.spies.operands import Leaf, leaves
from sandbox.spies.order import OrderLog
from sandbox.spies.updates import UNKNOWN, UpdateLog

if TYPE_CHECKING:
    from sandbox.spies.recorder import Recorder
    from sandbox.spies.registry import ModuleInfo

MAX_LAYERS = 128
MAX_ALIKE = 3  # steps that differ in nothing but their numbers


class ScriptLog(UpdateLog):
    """The operations of the step under way, and the order of all scripts so far."""

    silent = False  # whether nothing is told

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self.order = OrderLog()
        self.last: list[Op] = []  # of the step before
        self.again = False  # whether the last two steps were alike
        self.inside = False  # of a root module's forward
        self.busy = False  # a loss is being computed
        self._text = ""
        self._layers: dict[int, list[torch.nn.Module]] = {}  # of root modules, by number
        self._passes: dict[int, int] = {}  # by loader, how many were begun
        self._constants: list[list[float]] = []  # numbers in operations that differ from step to step
        self._forms: dict[str, set[str]] = {}  # of steps, by what they are without their numbers

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

    def recomputed(self, module: torch.nn.Module) -> None:
        """A forward is computed once more while its graph is differentiated."""
        info = self._recorder.registry.module(module)
        for place in range(len(self.ops) - 1, -1, -1):
            op = self.ops[place]
            if op[0] == "F" and info is not None and op[1] == info.number:
                self.ops[place] = [*op[:4], op[4] if len(op) > 4 else "", True]
                return

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


@functools.cache
def _positions(loss: str) -> tuple[str, ...]:
    """What a loss of torch.nn.functional calls its arguments after the first two."""
    return tuple(inspect.signature(getattr(torch.nn.functional, loss)).parameters)[2:]


def _modes(module: torch.nn.Module) -> str:
    """The layers' modes, in capitals where none of the parameters requires a gradient."""
    letters = "".join("t" if layer.training else "e" for layer in module.modules())[:MAX_LAYERS]
    modes = letters[0] if len(set(letters)) == 1 else letters
    return modes if any(tensor.requires_grad for tensor in module.parameters()) else modes.upper()
