"""What a module of the file's own class does, told by the first call of its kind: a list of operations.

A call of the same module in the same modes on inputs of the same shapes is taken to do the same; if it does not, the
program that is made of it comes to other weights, and proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, resolve_name

from sandbox.layers import settings_of
from sandbox.spies import arguments
from sandbox.spies.operands import leaves

MAX_OPS = 200
DECIDES = {
    "__bool__",
    "__float__",
    "__int__",
    "__index__",
    "__contains__",
    "item",
    "tolist",
    "numpy",
    "equal",
    "allclose",
}
"""Functions that hand numbers of a tensor to Python, which may decide by them what comes next."""
Op = list[Any]


class Body(TorchFunctionMode):
    """Listens to one call of a module: to functions of torch, and to layers of torch.nn as a whole.

    Operations are ["=", function, arguments, named, n] or ["m", path of the layer, [input, …], n]; "~" and "e" without
    gradients.  A tensor is ["i", place] of the inputs, ["v", place] of what operations gave, ["p", number] of a
    parameter or ["u", place] of the module's buffers.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        inputs: tuple[Any, ...],
        parameter: Callable[[torch.Tensor], int],
        shield: Callable[..., Any],
    ) -> None:
        super().__init__()
        self.ops: list[Op] = []
        self.unknown = ""  # why it cannot be told
        self.decides = False  # whether numbers of a tensor reached Python
        self._parameter, self._shield = parameter, shield
        self._paths = {id(layer): path for path, layer in module.named_modules()}
        self._buffers = list(module.buffers())
        self._inputs = leaves(inputs)
        self._values: list[torch.Tensor] = []
        self._inside = False  # of a layer that is told as a whole
        self._grad = torch.is_grad_enabled()
        self._precision = _precision()

    def is_whole(self, layer: torch.nn.Module) -> bool:
        """Whether a call of a layer is told as one operation."""
        return not self._inside and bool(self._paths.get(id(layer))) and settings_of(layer) is not None

    def call(self, layer: torch.nn.Module, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a layer, and tell of it."""
        given = self._shield(lambda: [self._tensor(value) for value in args])
        self._inside = True
        try:
            result = original(layer, *args, **kwargs)
        finally:
            self._inside = False
        if kwargs or given is None or None in given:
            self.unknown = self.unknown or "a layer is called on what is no tensor of the module's"
        kind = "m" if torch.is_grad_enabled() or not self._grad else "e"
        self._shield(self._note, [kind, self._paths[id(layer)], given], result)
        return result

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """See torch.overrides."""
        kwargs = kwargs or {}
        if self._inside or func is torch._C._set_grad_enabled:  # each operation says whether gradients are on
            return func(*args, **kwargs)
        name = resolve_name(func) or f"torch.{getattr(func, '__name__', '')}"
        told = self._shield(lambda: ([self._told(value) for value in args], self._told(kwargs)))
        result = func(*args, **kwargs)
        self.decides = self.decides or name.rpartition(".")[2] in DECIDES
        if result is None or leaves(result):
            kind = "=" if torch.is_grad_enabled() or not self._grad else "~"
            self._shield(self._note, [kind, name, *(told or ())], result)
        return result

    def result(self, output: Any) -> Any:
        """The outputs as operands, one or a list; None where they cannot be told."""
        if isinstance(output, torch.Tensor):
            return self._tensor(output)
        found = [self._tensor(value) for value in output] if isinstance(output, (tuple, list)) else [None]
        return None if None in found else found

    def _note(self, op: Op, result: Any) -> None:
        if _precision() != self._precision:
            self.unknown = "a forward that changes its precision"
        given = leaves(result)
        if len(self.ops) >= MAX_OPS:
            self.unknown = "a forward of too many operations"
            return
        self.ops.append([*op, len(given)])
        self._values += given

    def _told(self, value: Any) -> Any:
        return arguments.told(value, self._tensor, lambda _: {"?": "a generator"})

    def _tensor(self, value: Any) -> Any:
        """A tensor as an operand; None where it is none that is known."""
        for kind, known in (("v", self._values), ("i", self._inputs), ("u", self._buffers)):
            for place in reversed(range(len(known))):  # what worked in place gave the same tensor again
                if known[place] is value:
                    return [kind, place]
        if isinstance(value, torch.Tensor) and (number := self._parameter(value)) >= 0:
            return ["p", number]
        return None


def _precision() -> str:
    return str(torch.get_autocast_dtype("cpu")) if torch.is_autocast_enabled("cpu") else ""
