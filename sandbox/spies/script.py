"""Scripts: each step's operations with their operands, for a trusted process to execute again.

Operands are told by identity: a tensor is one that a loader drew or a forward gave, or a view of one, and a
loss is followed through the graph of what goes backward.  What cannot be told so is said to be unknown.
"""

from __future__ import annotations

import json
import weakref
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch

from sandbox import trace
from sandbox.spies.graphs import readable
from sandbox.spies.order import OrderLog

if TYPE_CHECKING:
    from sandbox.spies.recorder import Recorder
    from sandbox.spies.registry import ModuleInfo

KEPT = 16  # batches, outputs and passes that are remembered
MAX_LEAVES = 8  # of a batch or an output
MAX_OPS = 600  # of a script
MAX_DEPTH = 8  # of an expression
MAX_TERMS = 64
MAX_LAYERS = 128
MAX_ALIKE = 1 << 16  # elements of tensors that are compared by content
LOSS, OUTPUT = "metronome.loss", "metronome.output"
UNKNOWN = "?"

Op = list[Any]
Leaf = weakref.ref[torch.Tensor]


class ScriptLog:
    """The operations of the step under way, and the order of all scripts so far."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.order = OrderLog()
        self.ops: list[Op] = []
        self.last: list[Op] = []  # of the step before
        self.again = False  # whether the last two steps were alike
        self.inside = False  # of a root module's forward
        self._text = ""
        self._batches: deque[list[Leaf]] = deque(maxlen=KEPT)  # newest first, like the outputs
        self._outputs: deque[list[Leaf]] = deque(maxlen=KEPT)
        self._losses = self._forwards = 0
        self._passes: dict[int, int] = {}  # by loader, how many were begun
        self._closures: list[int] = []  # where the operations of closures begin

    def boundary(self) -> None:
        """A step is over."""
        ops, self.ops = self.ops, []
        text = json.dumps(ops, separators=(",", ":"))
        self.again = text == self._text
        self._text, self.last = text, ops
        number, new = self.order.add(text)
        if new:
            self._recorder.write(trace.Script(id=number, ops=ops))

    @property
    def repeats(self) -> bool:
        """Whether one more of the last script would only be counted."""
        return self.again and self.order.repeats

    def retell(
        self,
        beat: str,
        batches: Iterator[Any],
        outputs: Iterator[list[Leaf]],
        losses: Iterator[Any],
        *,
        marked: bool,
    ) -> None:
        """A beat of a step that was like the one before up to here, and then was not: it is as it was then."""
        place = len(self.ops)
        op = self.last[place] if place < len(self.last) else [UNKNOWN, beat, "not told"]
        self.add(op)
        if beat == "D":
            self.hold_batch(next(batches, None))
        elif beat == "F":
            self.hold_output(next(outputs, []), marked=marked)
        elif beat == "L":
            self.hold_loss(next(losses, None))

    def record(self) -> trace.Program:
        """The order of all scripts."""
        return trace.Program(items=self.order.items, truncated=self.order.truncated)

    # ── operations ───────────────────────────────────────────────────────────────────────────────

    def add(self, op: Op) -> None:
        """Note an operation."""
        if len(self.ops) < MAX_OPS:
            self.ops.append(op)

    def unknown(self, beat: str, why: str) -> None:
        """Note a beat whose operation cannot be told."""
        self.add([UNKNOWN, beat, why])

    def opened(self, loader: int) -> int:
        """A pass over a loader begins; its number among those of that loader."""
        self._passes[loader] = number = self._passes.get(loader, 0) + 1
        self.add(["I", loader])
        return number

    def drawn(self, loader: int, number: int, batch: Any) -> None:
        """A batch of the loader's pass of that number."""
        self.add(["D", loader, self._passes.get(loader, 0) - number])
        self.hold_batch(batch)

    def ended(self, loader: int, number: int) -> None:
        """The loader's pass of that number was asked for more, and had none."""
        self.add(["E", loader, self._passes.get(loader, 0) - number])

    def hold_batch(self, batch: Any) -> None:
        """Remember a batch's tensors, weakly."""
        self._batches.appendleft([weakref.ref(leaf) for leaf in leaves(batch)])

    def forward(
        self, info: ModuleInfo, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """A root module is called."""
        operands = [self._operand(value) for value in args]
        beat = "F" if torch.is_grad_enabled() else "f"
        if kwargs or None in operands:
            self.unknown(beat, "an input of the model")
        elif torch.is_autocast_enabled("cpu"):
            self.unknown(beat, "autocast")
        else:
            self.add([beat, info.number, _modes(module), operands])
        self.inside = True

    def made(self, output: Any) -> None:
        """It has returned."""
        self.inside = False
        self.hold_output([weakref.ref(leaf) for leaf in leaves(output)])

    def hold_output(self, output: list[Leaf], *, marked: bool = False) -> None:
        """Remember an output's tensors, weakly, and mark their places in the graph."""
        self._outputs.appendleft(output)
        if not marked:
            self.mark_output(output)

    def mark_output(self, output: list[Leaf]) -> None:
        """Mark the places in the graph of an output's tensors."""
        self._forwards += 1
        for place, leaf in enumerate(output):
            tensor = leaf()
            if tensor is not None and tensor.grad_fn is not None:
                tensor.grad_fn.metadata[OUTPUT] = (self._forwards, place)

    def loss(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """A loss of torch.nn.functional was computed; inside a module it comes with the forward."""
        if self.inside:
            return
        training = torch.is_grad_enabled()
        operands = [self._operand(value) for value in args[:2]]
        options = {**dict(zip(_POSITIONS, args[2:], strict=False)), **kwargs}
        options = {key: value for key, value in options.items() if value is not None}
        beat = "L" if training else "l"
        if (
            len(operands) < 2
            or None in operands
            or not all(isinstance(value, (bool, int, float, str)) for value in options.values())
        ):
            self.unknown(beat, "an operand of the loss")
        else:
            self.add([beat, name, operands, options])
        if training and isinstance(result, torch.Tensor):
            self.hold_loss(result.grad_fn)

    def hold_loss(self, node: Any) -> None:
        """Mark a loss's place in the graph."""
        self._losses += 1
        if node is not None:
            node.metadata[LOSS] = self._losses

    def backward(self, root: torch.Tensor | None, plain: bool, retain: bool) -> Any:
        """A backward; `plain`: without arguments that change its gradients.  What of, as an expression."""
        expression = self.expression(root)
        if not plain or expression is None:
            self.unknown("B", "what goes backward")
            return None
        self.add(["B", expression, self._gradients(), retain])
        return expression

    def clipped(self, name: str, limit: Any, kind: Any) -> None:
        """Gradients were clipped."""
        if isinstance(limit, (int, float)) and isinstance(kind, (int, float)):
            self.add(["C", name, float(limit), float(kind)])
        else:
            self.unknown("C", "a clip's limit")

    def closure_begins(self) -> None:
        """A step was called with a closure."""
        self._closures.append(len(self.ops))

    def stepped(self, optimizer: int) -> None:
        """An optimizer stepped, and called its closure where it had one."""
        if not self._closures:
            self.add(["S", optimizer])
            return
        start = self._closures.pop()
        body = self.ops[start:]
        del self.ops[start:]
        self.add(["S", optimizer, repeated(body)])

    # ── operands ─────────────────────────────────────────────────────────────────────────────────

    def expression(self, root: torch.Tensor | None) -> Any:
        """What goes backward, as an expression of losses and outputs; None where it cannot be told."""
        if root is None or root.grad_fn is None:
            return None
        try:
            return self._expression(root.grad_fn, MAX_DEPTH)
        except RuntimeError:  # a graph that has been freed holds no operands
            return None

    def _expression(self, node: Any, depth: int) -> Any:
        known = node.metadata
        if LOSS in known:
            return ["L", self._losses - known[LOSS]]
        if OUTPUT in known:
            number, place = known[OUTPUT]
            return ["f", self._forwards - number, place, None]
        if not depth:
            return None
        following = [under for under, _ in node.next_functions]
        parts = [self._expression(under, depth - 1) for under in following[:MAX_TERMS] if under is not None]
        if not parts or None in parts:
            return None
        return _applied(node, following, parts)

    def _operand(self, value: Any) -> Any:
        """A tensor as [kind, age, leaf, view]; None where it is none of those that are known."""
        if not isinstance(value, torch.Tensor) or not readable(value):
            return None
        for kind, made in (("b", self._batches), ("f", self._outputs)):
            for age, held in enumerate(made):
                for place, ref in enumerate(held):
                    if ref() is value:
                        return [kind, age, place, None]
        if value.layout is not torch.strided:
            return None
        return self._view(value) or self._alike(value)

    def _view(self, value: torch.Tensor) -> Any:
        """A tensor that shares the memory of a known one of its type."""
        storage = value.untyped_storage().data_ptr()
        for kind, made in (("b", self._batches), ("f", self._outputs)):
            for age, held in enumerate(made):
                for place, ref in enumerate(held):
                    known = ref()
                    if known is None or known.dtype is not value.dtype or not storage:
                        continue
                    if known.untyped_storage().data_ptr() == storage:
                        offset = value.storage_offset() - known.storage_offset()
                        if offset >= 0:
                            return [kind, age, place, [offset, list(value.shape), list(value.stride())]]
        return None

    def _alike(self, value: torch.Tensor) -> Any:
        """A tensor without a graph that equals one of the newest batch, perhaps in another type or shape."""
        if value.requires_grad or value.numel() > MAX_ALIKE or not self._batches:
            return None
        for place, ref in enumerate(self._batches[0]):
            known = ref()
            if (
                known is not None
                and known.numel() == value.numel()
                and known.device == value.device
                and bool(torch.equal(known.detach().to(value.dtype).reshape(value.shape), value))
            ):
                return ["b", 0, place, [str(value.dtype).removeprefix("torch."), list(value.shape)]]
        return None

    def _gradients(self) -> str:
        """Whether the gradients of all parameters are none, zero, or kept from before."""
        found = []
        for ref in self._recorder.registry.tensors.values():
            tensor = ref()
            if tensor is not None and tensor.is_leaf and tensor.grad is not None:
                found.append(tensor.grad)
        if not found:
            return "none"
        return "kept" if any(bool(grad.any()) for grad in found) else "zero"


_POSITIONS = ("weight", "size_average", "ignore_index", "reduce", "reduction", "label_smoothing")


def leaves(value: Any) -> list[torch.Tensor]:
    """The tensors of a batch or an output, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, (tuple, list)):
        return []
    return [leaf for item in value[:MAX_LEAVES] for leaf in leaves(item)][:MAX_LEAVES]


def repeated(ops: list[Op]) -> list[Op]:
    """The shortest stretch of operations that, again and again, makes up all of them."""
    for size in range(1, len(ops) // 2 + 1):
        if len(ops) % size == 0 and ops == ops[:size] * (len(ops) // size):
            return ops[:size]
    return ops


def _modes(module: torch.nn.Module) -> str:
    letters = "".join("t" if layer.training else "e" for layer in module.modules())[:MAX_LAYERS]
    return letters[0] if len(set(letters)) == 1 else letters


def _applied(node: Any, following: list[Any], parts: list[Any]) -> Any:
    """A node of the graph over expressions, where it is one of those that can be told."""
    name = node.name()
    first = following[0] is not None
    if name in ("DivBackward0", "MulBackward0") and len(parts) == 1:
        if name == "DivBackward0" and not first:
            return None  # a number divided by a loss
        number = _number(node._saved_other if first else node._saved_self)
        return None if number is None else ["/" if name == "DivBackward0" else "*", parts[0], number]
    if name == "AddBackward0" and node._saved_alpha == 1:
        return ["+", parts]
    if name == "NegBackward0":
        return ["-", parts[0]]
    if name in ("MeanBackward0", "SumBackward0"):
        return ["mean" if name == "MeanBackward0" else "sum", parts[0]]
    if name == "StackBackward0":
        return ["stack", parts]
    return None


def _number(value: Any) -> float | None:
    """A factor: a number, or a tensor of one."""
    if isinstance(value, torch.Tensor):
        return float(torch._C.TensorBase.item(value)) if value.numel() == 1 else None
    return float(value) if isinstance(value, (int, float)) else None
