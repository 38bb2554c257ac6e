"""Who is who: parameters, modules and optimizers by number, so that records can speak of them.

Tensors are known by identity and held weakly; a module is held only while it can still become the
graded one (see `sandbox/results.py`).
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch

from sandbox import trace

if TYPE_CHECKING:
    from sandbox.spies.recorder import Recorder

MAX_PARAMS = 2048
MAX_MODULES = 64
MAX_OPTIMIZERS = 24  # the first ones are described, and those made inside a ledger window …
MAX_DESCRIBED = 400  # … up to this many; all of them are counted


class ModuleInfo:
    """A root module with parameters: its number, parameter numbers."""

    __slots__ = ("given", "module", "number", "params", "ref", "stepped")

    def __init__(self, number: int, module: torch.nn.Module, params: list[int], given: bool) -> None:
        self.number = number
        self.ref = weakref.ref(module)
        self.module: torch.nn.Module | None = None  # held once its output looks graded
        self.params = params
        self.given = given
        self.stepped = -1  # number of the last step that held its parameters


class OptimizerInfo:
    """An optimizer: its number, parameter numbers and how often it stepped."""

    __slots__ = (
        "added",
        "birth",
        "compared",
        "groups",
        "number",
        "params",
        "ref",
        "settings",
        "shared",
        "stateful",
        "steps",
    )

    def __init__(self, number: int, optimizer: torch.optim.Optimizer, params: list[int]) -> None:
        self.number = number
        self.birth: int | None = None  # which of the file's own it is, from 1 on
        self.settings: list[list[Any]] | None = None  # of its groups, at its last step
        self.ref = weakref.ref(optimizer)
        self.params = params
        self.steps = 0
        self.stateful = False
        self.groups = len(optimizer.param_groups)
        self.added: list[int] = []  # all it holds, once groups were added
        self.shared: list[ModuleInfo] = []  # root modules with parameters of ours, among the first `compared`
        self.compared = 0


class Registry:
    """Gives numbers and writes the record when something is first seen."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._params: dict[int, tuple[weakref.ref[torch.Tensor], int]] = {}
        self.tensors: dict[int, weakref.ref[torch.Tensor]] = {}
        self._modules: dict[int, ModuleInfo | None] = {}
        self.modules: list[ModuleInfo] = []
        self._optimizers: dict[int, OptimizerInfo] = {}
        self._uses: list[OptimizerInfo] = []
        self.optimizers = 0
        self.given = True  # until the student's code runs, what appears was made by the exercise

    def param(self, tensor: torch.Tensor, *, owned: bool = True) -> int:
        """The number of a tensor, -1 when there are too many; `owned` by a module or an optimizer."""
        known = self._params.get(id(tensor))
        if known is not None and known[0]() is tensor:
            return known[1]
        number = len(self.tensors)
        if number >= MAX_PARAMS:
            return -1
        reference = weakref.ref(tensor)
        self._params[id(tensor)] = (reference, number)
        self.tensors[number] = reference
        self._recorder.write(
            trace.Param(
                id=number,
                owned=owned,
                shape=list(tensor.shape),
                dtype=str(tensor.dtype).removeprefix("torch."),
            )
        )
        if (making := self._recorder.making) is not None:
            making.met(number, tensor)
        return number

    def params(self, tensors: Iterable[torch.Tensor], *, owned: bool = True) -> list[int]:
        """The numbers of several, those that got none left out."""
        return [number for tensor in tensors if (number := self.param(tensor, owned=owned)) >= 0]

    def find(self, tensor: torch.Tensor) -> int:
        """The number of a tensor already known, else -1."""
        known = self._params.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else -1

    def module(self, module: torch.nn.Module) -> ModuleInfo | None:
        """A root module's entry; None for one without parameters (a loss, an activation)."""
        key = id(module)
        if key in self._modules:
            known = self._modules[key]
            if known is None or known.ref() is module:
                return known
        tensors = list(module.parameters())
        if not tensors or len(self.modules) >= MAX_MODULES:
            if not tensors and len(self._modules) < MAX_PARAMS:
                self._modules[key] = None
                weakref.finalize(module, self._modules.pop, key, None).atexit = False
            return None
        info = ModuleInfo(len(self.modules), module, self.params(tensors), self.given)
        self._modules[key] = info
        self.modules.append(info)
        self._recorder.write(
            trace.Module(id=info.number, cls=type(module).__name__[:80], params=info.params, given=info.given)
        )
        return info

    def optimizer(self, optimizer: torch.optim.Optimizer, line: int = 0) -> OptimizerInfo:
        """An optimizer's entry, made (and its record written) when it is new."""
        info = self._optimizers.get(id(optimizer))
        if info is not None and info.ref() is optimizer:
            return info
        params = self.params(tensor for group in optimizer.param_groups for tensor in group["params"])
        info = OptimizerInfo(self.optimizers, optimizer, params)
        self._optimizers[id(optimizer)] = info
        self.optimizers += 1
        if info.number < MAX_OPTIMIZERS or (self._recorder.ledger.open and len(self._uses) < MAX_DESCRIBED):
            self._uses.append(info)
            self._recorder.write(
                trace.Optimizer(
                    id=info.number,
                    cls=type(optimizer).__name__[:80],
                    hyper=hyperparameters(optimizer),
                    params=params,
                    given=self.given,
                    line=line,
                    at_step=self._recorder.steps,
                )
            )
        return info

    def module_at(self, number: int) -> torch.nn.Module | None:
        """The module of a number; None where there is none, or none any more."""
        return self.modules[number].ref() if 0 <= number < len(self.modules) else None

    def optimizer_at(self, number: int) -> torch.optim.Optimizer | None:
        """The optimizer of a number, among those described; None where there is none, or none any more."""
        return next((info.ref() for info in self._uses if info.number == number), None)

    def grown(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> None:
        """Groups were added to an optimizer after it had been made: it holds more parameters now."""
        info.groups = len(optimizer.param_groups)
        info.params = self.params(tensor for group in optimizer.param_groups for tensor in group["params"])
        info.added = info.params
        info.shared.clear()
        info.compared = 0

    def close(self) -> None:
        """Write how each optimizer was used."""
        for info in self._uses:
            use = trace.OptimizerUse(
                id=info.number, steps=info.steps, stateful=info.stateful, params=info.added
            )
            self._recorder.write(use, closing=True)


def hyperparameters(optimizer: torch.optim.Optimizer) -> dict[str, float]:
    """The numbers among an optimizer's settings, of its first group where groups differ from the defaults."""
    table: dict[str, Any] = {**optimizer.defaults}
    if optimizer.param_groups:
        table.update({k: v for k, v in optimizer.param_groups[0].items() if k != "params"})
    found: dict[str, float] = {}
    for name, value in table.items():
        if isinstance(value, (bool, int, float)):
            found[name] = float(value)
        elif isinstance(value, torch.Tensor) and value.numel() == 1 and value.device.type == "cpu":
            found[name] = float(value.detach())
        elif isinstance(value, tuple) and all(isinstance(item, (int, float)) for item in value):
            found.update({f"{name}{index}": float(item) for index, item in enumerate(value)})
    return {str(name)[:40]: value for name, value in list(found.items())[:32]}
