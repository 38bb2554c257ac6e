"""Modules that a script made, made again from what was told: first values, layers of torch.nn, bodies of forwards.

What is told is hostile: a layer is one of those listed, a function one that a program may call, and no forward may
write into a parameter.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import torch

from grader.examiner import functions
from grader.examiner.origins import places
from grader.examiner.things import Cannot, Contradiction, index
from sandbox import layers, trace
from sandbox.spies.operands import leaves

MAX_OPS = 200
MAX_CHILDREN = 64
MAX_DEPTH = 8
MOST = 1 << 25  # elements of a layer's parameters and of what it gives
DTYPES = {"float16", "bfloat16", "float32", "float64"}

Parameter = Callable[[int], torch.Tensor]
Argument = Callable[[Any, Callable[[Any], Any]], Any]
"""Makes an argument of what was told, with a function that finds a tensor."""


def first_value(record: trace.Initial) -> torch.nn.Parameter:
    """A parameter as it was when it was first seen.  Raises Cannot and Contradiction."""
    if record.aside:
        raise Cannot("parameters that are too large to be told")
    if record.dtype not in DTYPES:
        raise Cannot("parameters of another type")
    dtype: torch.dtype = getattr(torch, record.dtype)
    shape = [index(size) for size in record.shape]
    try:
        content = bytearray(base64.b64decode(record.data, validate=True))
    except (binascii.Error, ValueError):
        raise Contradiction("first values that are no bytes") from None
    if math.prod(shape) * dtype.itemsize != len(content):
        raise Contradiction("first values of another shape")
    values = torch.frombuffer(content, dtype=dtype) if content else torch.empty(0, dtype=dtype)
    return torch.nn.Parameter(values.reshape(shape).clone(), requires_grad=record.grad)


class Told(torch.nn.Module):
    """A module of the file's own class: its forward is what the body says that it was last given."""

    def __init__(
        self, parameter: Parameter, parameters: Callable[[], Sequence[torch.Tensor]], argument: Argument
    ) -> None:
        super().__init__()
        self.body: trace.Body | None = None
        self._parameter, self._all, self._argument = parameter, parameters, argument

    def forward(self, *inputs: Any) -> Any:
        """Do what the body says.  Raises Cannot and Contradiction."""
        if self.body is None:
            raise Contradiction("a forward that was not told")
        run = _Forward(self, leaves(inputs), self._parameter, self._all(), self._argument)
        for op in self.body.ops[: MAX_OPS + 1]:
            run.execute(op)
        return run.result(self.body.result)


class _Forward:
    """One forward by a body."""

    def __init__(
        self,
        module: Told,
        inputs: list[torch.Tensor],
        parameter: Parameter,
        parameters: Sequence[torch.Tensor],
        argument: Argument,
    ) -> None:
        self._module, self._inputs, self._argument = module, inputs, argument
        self._parameter, self._parameters = parameter, parameters
        self._values: list[torch.Tensor] = []

    def execute(self, op: Any) -> None:
        """One operation."""
        kind, *rest = op
        with torch.set_grad_enabled(torch.is_grad_enabled() and kind in ("=", "m")):
            if kind in ("m", "e"):
                path, given, count = rest
                result = self._layer(path)(*[self._tensor(item) for item in islice(given, MAX_CHILDREN)])
            elif kind in ("=", "~"):
                name, args, kwargs, count = rest
                result = self._call(name, args, kwargs)
            else:
                raise Cannot("an unknown operation of a forward")
        made = leaves(result)
        if len(made) != count:
            raise Contradiction("an operation gave another number of tensors")
        self._values += made

    def result(self, told: Any) -> Any:
        """What the forward gives."""
        if isinstance(told, list) and told and isinstance(told[0], list):
            return tuple(self._tensor(item) for item in islice(told, MAX_CHILDREN))
        return self._tensor(told)

    def _layer(self, path: Any) -> torch.nn.Module:
        if not isinstance(path, str) or not path:
            raise Contradiction("a layer that is not there")
        try:
            layer = self._module.get_submodule(path)
        except AttributeError:
            raise Contradiction("a layer that is not there") from None
        if isinstance(layer, Told):
            raise Contradiction("a layer of the file's own is called as a whole")
        return layer

    def _call(self, name: Any, args: Any, kwargs: Any) -> Any:
        called = functions.function(str(name))
        if called is None:
            raise Cannot(f"an operation of its own: {name}"[:80])
        arguments = [self._argument(item, self._tensor) for item in args]
        named = self._argument(kwargs, self._tensor)
        if "out" in named:
            raise Cannot("an operation that writes to its `out`")
        if functions.makes(name) and functions.elements([arguments, named]) > MOST:
            raise Cannot("a tensor that is too large")
        if target := functions.written(name, arguments, named):
            own = [[item, item.grad] for item in self._parameters]
            if set(places(target)) & set(places([own, self._inputs, list(self._module.buffers())])):
                raise Cannot("a forward that changes what it is given")
        return called(*arguments, **named)

    def _tensor(self, told: Any) -> torch.Tensor:
        kind, place = told
        place = index(place)
        if kind == "p":
            return self._parameter(place)
        known = {"i": self._inputs, "v": self._values, "u": list(self._module.buffers())}.get(str(kind), [])
        if place >= len(known):
            raise Contradiction("something is used that was never made")
        return known[place]


def build(
    tree: Any, parameter: Parameter, own: Callable[[], Told], depth: int = MAX_DEPTH
) -> torch.nn.Module:
    """A module of a tree, with the parameters of those numbers.  Raises Cannot and Contradiction."""
    if not depth:
        raise Contradiction("a model that is nested too deeply")
    name, settings, children, numbers = (tree[key] for key in "cskp")
    if not isinstance(name, str) or len(children) > MAX_CHILDREN:
        raise Contradiction("a model that is none")
    module: torch.nn.Module
    if name.startswith("*"):
        module = own()
        title = name[2:]
        module.__class__ = type(title if title.isidentifier() else "Module", (Told,), {})
    elif name in layers.CONTAINERS:
        module = torch.nn.Sequential()
    elif name in layers.SETTINGS:
        _check_size(settings)
        module = layers.make(name, settings)
    else:
        raise Cannot("a layer that is not on the list")
    for key, child in children.items():
        module.add_module(_name(key), build(child, parameter, own, depth - 1))
    for key, number in numbers.items():
        value = parameter(index(number))
        mine = module._parameters.get(key)
        if not isinstance(module, Told) and (mine is None or mine.shape != value.shape):
            raise Contradiction("a layer's parameters are others")  # in a norm's statistics, say
        module._parameters[_name(key)] = value  # type: ignore[assignment]
    if any(tensor is not None and key not in numbers for key, tensor in module._parameters.items()):
        raise Contradiction("a layer without its parameters")
    return module


def _check_size(settings: Mapping[str, Any]) -> None:
    sizes: list[int] = []
    for value in settings.values():
        sizes += [item for item in (value if isinstance(value, list) else [value]) if type(item) is int]
    if math.prod(max(abs(size), 1) for size in sizes) > MOST:
        raise Cannot("a layer that is too large")


def _name(key: Any) -> str:
    """A child's or parameter's name, which must not hide what a module is made of."""
    if not isinstance(key, str) or not key or "." in key or hasattr(torch.nn.Module, key):
        raise Contradiction("a name that no layer has")
    return key
