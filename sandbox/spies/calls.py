"""Calls of torch's functions by the student's own code, told with their operands where everything is traced."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import weakref
from array import array
from typing import TYPE_CHECKING, Any

import torch

from sandbox import trace
from sandbox.spies import arguments
from sandbox.spies.making import draws
from sandbox.spies.operands import Operands, leaves

if TYPE_CHECKING:
    from sandbox.spies.recorder import Recorder

MAX_OPS = 1000  # of a script
MAX_INDICES = 1 << 19  # in lists that pick rows
CHUNK = 40_000  # of these are told at a time
MAX_GENERATORS = 16
MAX_SAVED = 256  # tensors at a time

Op = list[Any]


class CallLog:
    """The operations of the step under way; of functions of torch where `tracing` is on."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.operands = Operands(recorder)
        self.ops: list[Op] = []
        self.asking = 0  # calls under way of functions of the exercise
        self._full = False
        self._loaders: list[tuple[weakref.ref[Any], int]] = []
        self._indices = array("i")  # in lists that pick rows
        self._left = MAX_INDICES
        self._saved: dict[str, tuple[int, int]] = {}  # by content, the stretch and place of a copy
        self._generators: list[Any] = []  # that the student's code made

    def add(self, op: Op) -> None:
        """Note an operation."""
        if self.asking:
            return
        if len(self.ops) < MAX_OPS:
            self.ops.append(op)
        else:
            self._full = True

    def called(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Op:
        """A function of torch is called; what is to be added once it has returned."""
        kind = "=" if torch.is_grad_enabled() else "~"
        making = self._recorder.making
        if making is not None and draws(name) and kwargs.get("generator") is None:
            making.draws()
        if name == "torch.Tensor.__deepcopy__":
            args = args[:1]  # the rest is its memory
        return [kind, name, [self._argument(value) for value in args], self._argument(kwargs)]

    def gave(self, op: Op, result: Any) -> None:
        """It has returned."""
        given = leaves(result)
        if (making := self._recorder.making) is not None and draws(op[1]) and '{"?"' in json.dumps(op):
            making.moved()  # it cannot be executed, so that the generator will stand elsewhere
        op += [len(given), *precision()]
        self.add(op)
        for leaf in given:
            self.operands.hold_value(leaf)

    def saved(self, thing: Any) -> None:
        """Something is saved: its tensors are copied, to be known again by their content."""
        for tensor in _tensors(thing, MAX_SAVED):
            op = self.called("torch.Tensor.clone", (tensor,), {})
            place = self.operands.stretch, self.operands.place
            self.add([*op, 1])
            self.operands.place += 1
            self._saved[_digest(tensor)] = place

    def loaded(self, thing: Any) -> None:
        """Something was loaded."""
        for tensor in _tensors(thing, MAX_SAVED):
            if (place := self._saved.get(_digest(tensor))) is not None:
                self.operands.hold_value(tensor, place)

    def _argument(self, value: Any) -> Any:
        picked = arguments.indices(value)
        if picked is not None and self._left >= len(picked):
            self._left -= len(picked)
            self._indices.extend(picked)
            while len(self._indices) >= CHUNK:
                self._write_indices()
            return {"n": len(picked)}
        return arguments.told(value, functools.partial(self.operands.find, content=False), self._generator)

    def _write_indices(self) -> None:
        part, self._indices = self._indices[:CHUNK], self._indices[CHUNK:]
        self._recorder.write(trace.Indices(data=base64.b64encode(part.tobytes()).decode()))

    def _generator(self, value: torch.Generator) -> Any:
        """A generator: one of a loader's, or one that was just seeded, or was so when it was first used."""
        for ref, number in self._loaders:
            if (loader := ref()) is not None and loader.generator is value:
                return {"G": number}
        for place, known in enumerate(self._generators):
            if known is value:
                return {"g": [place, 0]}
        seed = value.initial_seed()
        fresh = torch.Generator().manual_seed(seed).get_state()
        if len(self._generators) >= MAX_GENERATORS or not torch.equal(fresh, value.get_state()):
            return {"?": "a generator"}
        self._generators.append(value)
        return {"g": [len(self._generators) - 1, seed]}


def _tensors(thing: Any, most: int) -> list[torch.Tensor]:
    """The tensors in nested dictionaries and lists, and in a module's state."""
    if isinstance(thing, torch.Tensor):
        return [thing]
    if isinstance(thing, torch.nn.Module):
        thing = thing.state_dict()
    items = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, (list, tuple)) else ()
    return [tensor for item in items for tensor in _tensors(item, most)][:most]


def _digest(tensor: torch.Tensor) -> str:
    flat = tensor.detach().reshape(-1).cpu().contiguous()
    content = flat.view(torch.uint8).numpy().tobytes()
    return hashlib.sha256(repr((tensor.dtype, tuple(tensor.shape))).encode() + content).hexdigest()


def precision() -> list[str]:
    """The type of matrix products, where autocast is on."""
    if not torch.is_autocast_enabled("cpu"):
        return []
    return [str(torch.get_autocast_dtype("cpu")).removeprefix("torch.")]
