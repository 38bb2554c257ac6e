"""Operands: which tensor is which, so that a script can speak of them without their numbers.

A tensor is one that a loader drew or a forward gave, a loss, a parameter or its gradient, a tensor of a data set,
or (where everything is traced) what an operation of the student's code gave; or it lies in the memory of one of these.
All are held weakly.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch

from sandbox.spies.graphs import readable

if TYPE_CHECKING:
    from sandbox.spies.recorder import Recorder

KEPT = 16  # batches and outputs that are remembered
MAX_LOSSES = 64
MAX_LEAVES = 8  # of a batch or an output
MAX_ALIKE = 1 << 16  # elements of tensors that are compared by content
MAX_DEPTH = 8  # of an expression
MAX_TERMS = 64
LOSS, OUTPUT = "metronome.loss", "metronome.output"

Leaf = weakref.ref[torch.Tensor]
Operand = list[Any]


def leaves(value: Any) -> list[torch.Tensor]:
    """The tensors of a batch or an output, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, (tuple, list)):
        return []
    return [leaf for item in value[:MAX_LEAVES] for leaf in leaves(item)][:MAX_LEAVES]


class Operands:
    """The tensors a script may speak of."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._batches: deque[list[Leaf]] = deque(maxlen=KEPT)  # newest first, like the others
        self._outputs: deque[list[Leaf]] = deque(maxlen=KEPT)
        self._computed: deque[Leaf | None] = deque(maxlen=MAX_LOSSES)
        self._losses = self._forwards = 0
        self._data: list[tuple[int, list[Leaf]]] = []  # of each loader, its data set's tensors
        self._values: dict[int, tuple[Leaf, int, int]] = {}  # by identity: stretch and place
        self.sources: list[torch.Tensor] = []  # the exercise's raw data
        self._copies: list[tuple[int, Leaf]] = []  # of these, in the file's hands
        self._ids: set[int] | None = None  # of all that was made, while nothing more is
        self.stretch = self.place = 0

    # ── what is made ─────────────────────────────────────────────────────────────────────────────

    def hold_batch(self, batch: Any) -> None:
        """Remember a batch's tensors."""
        self._batches.appendleft([weakref.ref(leaf) for leaf in leaves(batch)])
        self._ids = None

    def hold_output(self, output: list[Leaf], *, marked: bool = False) -> None:
        """Remember an output's tensors, and mark their places in the graph."""
        self._outputs.appendleft(output)
        self._ids = None
        if not marked:
            self.mark_output(output)

    def mark_output(self, output: list[Leaf]) -> None:
        """Mark the places in the graph of an output's tensors."""
        self._forwards += 1
        for place, leaf in enumerate(output):
            tensor = leaf()
            if tensor is not None and tensor.grad_fn is not None:
                metadata: Any = tensor.grad_fn.metadata
                metadata[OUTPUT] = (self._forwards, place)

    def hold_loss(self, node: Any, loss: torch.Tensor | None = None) -> None:
        """Remember a loss, and mark its place in the graph."""
        self._losses += 1
        self._computed.appendleft(None if loss is None else weakref.ref(loss))
        self._ids = None
        if node is not None:
            node.metadata[LOSS] = self._losses

    def passed(self, forwards: int, *, marked: bool) -> None:
        """So many batches were drawn and went forward of which nothing will be told: what is older is as old now."""
        for made in (self._batches, self._outputs):
            made.extendleft([] for _ in range(min(forwards, KEPT)))
        if not marked:
            self._forwards += forwards

    def hold_data(self, loader: int, dataset: Any) -> None:
        """Remember the tensors of a loader's data set, where it consists of some."""
        tensors = getattr(dataset, "tensors", None)
        if isinstance(tensors, (tuple, list)):
            self._data.append((loader, [weakref.ref(leaf) for leaf in leaves(tensors)]))
            self._ids = None

    def hold_value(self, value: torch.Tensor, known_as: tuple[int, int] | None = None) -> None:
        """What an operation of the student's code gave, or the same as what one gave before."""
        stretch, place = known_as or (self.stretch, self.place)
        self.place += known_as is None
        key = id(value)
        known = self._values.get(key)
        if known is not None and known[0]() is value:
            return
        if self._direct(value) is not None or self._source(value) is not None:
            return
        self._values[key] = (weakref.ref(value, lambda _: self._values.pop(key, None)), stretch, place)

    # ── finding them again ───────────────────────────────────────────────────────────────────────

    def find(self, value: Any, *, content: bool = True) -> Operand | None:
        """A tensor as an operand; None where it is none that is known.  `content`: it may also be equal to one."""
        if not isinstance(value, torch.Tensor) or not readable(value):
            return None
        for kind, made in (("b", self._batches), ("f", self._outputs)):  # what nearly every operand is
            for place, ref in enumerate(made[0]) if made else ():
                if ref() is value:
                    return [kind, 0, place, None]
        found = self._direct(value)
        if found is not None:
            return [*found, None]
        return self._view(value) or self._source(value) or (self._alike(value) if content else None)

    def _direct(self, value: torch.Tensor) -> Operand | None:
        if self._ids is None:
            self._ids = {id(ref()) for _, _, _, ref in self._made()}
        if id(value) in self._ids:  # of one that is gone, perhaps
            for kind, age, place, ref in self._made():
                if ref() is value:
                    return [kind, age, place]
        given = self._given()
        if (number := self._recorder.registry.find(value)) >= 0 and (given is None or number in given):
            return ["p", number, 0]
        known = self._values.get(id(value))
        if known is not None and known[0]() is value:
            back = self.stretch - known[1]
            return ["v", back, known[2]] if back < 2 else ["w", known[1], known[2]]
        for number, place, buffer in self._buffers():
            if buffer is value:
                return ["u", number, place]
        if value.is_leaf and not value.requires_grad:
            for number, ref in self._recorder.registry.tensors.items():
                tensor = ref()
                if given is not None and number not in given:
                    continue
                if tensor is not None and tensor.is_leaf and tensor.grad is value:
                    return ["g", number, 0]
        return None

    def _given(self) -> list[int] | None:
        """The numbers of the exercise's own parameters; None where it gives no module."""
        modules = self._recorder.registry.modules
        return modules[0].params if modules and modules[0].given else None

    def _buffers(self) -> Iterator[tuple[int, int, torch.Tensor]]:
        for info in self._recorder.registry.modules[:1]:
            if (module := info.ref()) is not None:
                for place, buffer in enumerate(module.buffers()):
                    yield info.number, place, buffer

    def _made(self) -> Iterator[tuple[str, int, int, Leaf]]:
        for kind, made in (("b", self._batches), ("f", self._outputs)):
            for age, held in enumerate(made):
                for place, ref in enumerate(held):
                    yield kind, age, place, ref
        for age, loss in enumerate(self._computed):
            if loss is not None:
                yield "l", age, 0, loss
        for loader, data in self._data:
            for place, ref in enumerate(data):
                yield "d", loader, place, ref
        for number, ref in self._copies:
            yield "s", number, 0, ref

    def _known(self) -> Iterator[tuple[Operand, torch.Tensor]]:
        """All that are alive, with their operands."""
        for kind, age, place, ref in self._made():
            if (tensor := ref()) is not None:
                yield [kind, age, place], tensor
        for ref, stretch, place in list(self._values.values()):
            if (tensor := ref()) is not None:
                back = self.stretch - stretch
                yield (["v", back, place] if back < 2 else ["w", stretch, place]), tensor
        for number, place, buffer in self._buffers():
            yield ["u", number, place], buffer
        given = self._given()
        for number, ref in self._recorder.registry.tensors.items():
            if (tensor := ref()) is not None and (given is None or number in given):
                yield ["p", number, 0], tensor
                if tensor.is_leaf and tensor.grad is not None:
                    yield ["g", number, 0], tensor.grad

    def _view(self, value: torch.Tensor) -> Operand | None:
        """A tensor that lies in the memory of a known one, of the same type."""
        if value.layout is not torch.strided or not value.numel():
            return None
        storage = value.untyped_storage().data_ptr()
        for operand, known in self._known():
            if (
                known.dtype is value.dtype
                and known.layout is torch.strided
                and known.untyped_storage().data_ptr() == storage
                and (offset := value.storage_offset() - known.storage_offset()) >= 0
            ):
                return [*operand, [offset, list(value.shape), list(value.stride())]]
        return None

    def _source(self, value: torch.Tensor) -> Operand | None:
        """A tensor that equals one of the exercise's raw data: what the file read from its files."""
        for number, source in enumerate(self.sources):
            if value.shape == source.shape and value.dtype is source.dtype and torch.equal(value, source):
                self._copies.append((number, weakref.ref(value)))
                self._ids = None
                return ["s", number, 0, None]
        return None

    def _alike(self, value: torch.Tensor) -> Operand | None:
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

    # ── what goes backward ───────────────────────────────────────────────────────────────────────

    def expression(self, root: torch.Tensor | None) -> Any:
        """What goes backward, as an expression of losses and outputs; None where it cannot be told."""
        if root is None or root.grad_fn is None:
            return None
        known = self._values.get(id(root))
        if known is not None and known[0]() is root:
            return self.find(root)
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
