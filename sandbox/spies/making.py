"""What a script makes itself, told so that a trusted process can make it again: parameters and modules.

Parameters come with the values that they have when they are first seen.  A module is a tree of layers of torch.nn;
what one of the file's own class does is told by its first call of each kind (`bodies`).  Of torch's generator it is
told where it stands when something that is not told may have drawn from it.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import torch

from sandbox import trace
from sandbox.generators import place_of
from sandbox.layers import CONTAINERS, is_plain, settings_of
from sandbox.spies.bodies import Body
from sandbox.spies.operands import leaves
from sandbox.spies.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.spies.recorder import Recorder
    from sandbox.spies.registry import ModuleInfo

MAX_VALUES = 128 << 10  # bytes of first values
ASIDE = (torch.float32, torch.float64)  # types of those that do not go into the trace
MAX_DEPTH = 8  # of modules in modules
MAX_LAYERS = 128
MAX_BODIES = 32
RANDOM = ("rand", "bernoulli", "normal", "uniform", "multinomial", "exponential", "dropout", "poisson")
"""In names of functions that draw from torch's generator."""


def draws(name: str) -> bool:
    """Whether a function of torch draws from a generator."""
    return any(word in name for word in RANDOM)


class Making:
    """Tells of what the file makes.

    `known` gives the name of one of the exercise's own data sets, or None; `tensors` are theirs, as they were made.
    Of first values that are too large for the trace so many numbers are kept `aside`, to be handed over beside it.
    """

    def __init__(
        self,
        recorder: Recorder,
        known: Callable[[Any], str | None],
        tensors: Sequence[torch.Tensor],
        room: int = 0,
    ) -> None:
        self._recorder = recorder
        self.reading = Reading(recorder, known)
        self._left = MAX_VALUES
        self._room = room
        self.aside: list[torch.Tensor] = []
        self._told: dict[int, str] = {}  # modules, by number: why they cannot be told, or ""
        self._plain: set[int] = set()  # those made of torch's layers alone
        self._bodies: dict[str, int] = {}  # by what they are
        self._kinds: dict[tuple[Any, ...], int] = {}  # of calls: the body, -1 where it cannot be told
        self._now: dict[int, int] = {}  # by module, the body that was told last
        self._wanted: tuple[Any, ...] = ()  # the kind of the call under way, if it is the first
        self._place = 0  # where its operation stands in the script
        self._moved = True  # what was made may have drawn from torch's generator since it was told of
        self._drawn: tuple[int, int] = (0, 0)  # its seed and place then
        recorder.script.operands.sources = list(tensors)

    # ── parameters and the generator ─────────────────────────────────────────────────────────────

    def met(self, number: int, tensor: torch.Tensor) -> None:
        """A parameter is seen for the first time."""
        self._moved = True
        if tensor.device.type != "cpu" or tensor.layout is not torch.strided:
            return
        size = tensor.numel() * tensor.element_size()
        aside = size > self._left
        if aside and (tensor.dtype not in ASIDE or tensor.numel() > self._room):
            return
        with torch._C.DisableTorchFunction():
            if aside:
                self._room -= tensor.numel()
                self.aside.append(tensor.detach().clone())
                flat = b""
            else:
                self._left -= size
                flat = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        self._recorder.write(
            trace.Initial(
                id=number,
                shape=list(tensor.shape),
                dtype=str(tensor.dtype).removeprefix("torch."),
                grad=tensor.requires_grad,
                data=base64.b64encode(flat).decode(),
                aside=aside,
            )
        )

    def moved(self) -> None:
        """Something that is not told may draw from torch's generator."""
        self._moved = True

    def seeded(self) -> None:
        """torch's generator begins anew."""
        self._drawn = (0, 0)

    def draws(self) -> None:
        """Something that is told is about to draw from torch's generator."""
        if not self._moved or self._recorder.script.asking:
            return
        self._moved = False
        seed, count = self._drawn
        place = place_of(torch.get_rng_state(), count if torch.initial_seed() == seed else 0)
        if place is None:
            self._recorder.script.unknown("", "a generator's state")
            return
        self._drawn = place
        self._recorder.script.add(["N", *place])

    # ── modules ──────────────────────────────────────────────────────────────────────────────────

    def called(self, info: ModuleInfo, module: torch.nn.Module, modes: str, args: tuple[Any, ...]) -> str:
        """A module of the file's is called; why that cannot be told, or ""."""
        self._wanted = ()
        number = info.number
        if number not in self._told:
            self._told[number] = self._describe(info, module)
        if (why := self._told[number]) or number in self._plain:
            self.draws()
            return why
        shapes = tuple((tuple(leaf.shape), leaf.dtype) for leaf in leaves(args))
        kind = (number, modes, shapes, torch.is_grad_enabled(), torch.is_autocast_enabled("cpu"))
        self.draws()
        body = self._kinds.get(kind)
        if body is None:
            if len(self._kinds) >= MAX_BODIES:
                return "a forward of too many kinds"
            self._wanted, self._place = kind, len(self._recorder.script.ops)
        elif body < 0:
            return "a forward of the file's own"
        elif body != self._now.get(number):
            self._now[number] = body
            self._recorder.script.add(["V", number, body])
        return ""

    def listening(self, module: torch.nn.Module, args: tuple[Any, ...]) -> Body | None:
        """Who listens to the call that was just told of; None where nobody need."""
        if not self._wanted:
            return None
        return Body(module, args, self._recorder.registry.find, self._recorder.shield)

    def heard(self, body: Body, output: Any) -> None:
        """What was heard of that call."""
        kind, self._wanted = self._wanted, ()
        result = body.result(output)
        script = self._recorder.script
        if body.unknown or result is None:
            self._kinds[kind] = -1
            if self._place < len(script.ops):
                script.ops[self._place] = [
                    "?",
                    script.ops[self._place][0],
                    body.unknown or "an output",
                    False,
                ]
            return
        self._kinds[kind] = new = self._number(body, result)
        if self._now.get(kind[0]) != new:
            self._now[kind[0]] = new
            script.ops.insert(self._place, ["V", kind[0], new])

    def presented(self, info: ModuleInfo, body: Body, output: Any) -> tuple[int, str]:
        """What was heard of a module that is called when all is over: a body's number, or -1 and why not, or ""."""
        result = body.result(output)
        why = self._told.get(info.number, "a model that was never told of")
        if why or info.number in self._plain:
            return -1, why
        if body.unknown or body.decides or result is None:
            return -1, body.unknown or (
                "a forward that decides by its numbers" if body.decides else "an output of its own"
            )
        return self._number(body, result), ""

    def _number(self, body: Body, result: Any) -> int:
        """The number of a body, which is told where it is new."""
        text = json.dumps([body.ops, result])
        if text not in self._bodies:
            self._bodies[text] = len(self._bodies)
            self._recorder.write(trace.Body(id=self._bodies[text], ops=body.ops, result=result))
        return self._bodies[text]

    def _describe(self, info: ModuleInfo, module: torch.nn.Module) -> str:
        """Tell what a module is made of; why it cannot be told, or ""."""
        layers = list(module.modules())
        if len(layers) > MAX_LAYERS:
            return "a model of too many layers"
        if -1 in info.params or len(info.params) != len(list(module.parameters())):
            return "a model of too many parameters"
        tree = self._tree(module, MAX_DEPTH)
        if tree is None:
            return "a model with state of its own"
        if _is_made_of_layers(tree):
            self._plain.add(info.number)
        self._recorder.script.add(["P", info.number, tree])
        return ""

    def _tree(self, module: torch.nn.Module, depth: int) -> dict[str, Any] | None:
        """A module as its class, what it was made with, its children and the numbers of its parameters."""
        if not depth:
            return None
        settings = settings_of(module)
        if settings is None and any(buffer is not None for buffer in module._buffers.values()):
            return None
        children = {}
        for name, child in module._modules.items():
            if child is None:
                continue
            told = self._tree(child, depth - 1)
            if told is None:
                return None
            children[name] = told
        name = type(module).__name__
        container = name in CONTAINERS and is_plain(module)
        if settings is None and not (container and all(map(_is_made_of_layers, children.values()))):
            name = f"* {name[:40]}"
        numbers = {
            key: self._recorder.registry.find(tensor)
            for key, tensor in module._parameters.items()
            if tensor is not None
        }
        return {"c": name, "s": settings or {}, "k": children, "p": numbers}


def _is_made_of_layers(tree: dict[str, Any]) -> bool:
    """Whether a tree has none of the file's own classes in it."""
    return not tree["c"].startswith("*") and all(map(_is_made_of_layers, tree["k"].values()))
