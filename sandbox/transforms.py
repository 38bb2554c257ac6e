"""Transforms of torchvision by class and settings, so that a trusted process can make them again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import torch

MAX_TRANSFORMS = 16
MODULES = {"v1": "torchvision.transforms", "v2": "torchvision.transforms.v2"}
SETTINGS: dict[str, tuple[str, ...]] = {
    "v1.ToTensor": (),
    "v1.PILToTensor": (),
    "v1.ConvertImageDtype": ("dtype",),
    "v1.Normalize": ("mean", "std", "inplace"),
    "v1.Grayscale": ("num_output_channels",),
    "v2.ToTensor": (),
    "v2.ToImage": (),
    "v2.PILToTensor": (),
    "v2.ToPureTensor": (),
    "v2.ToDtype": ("dtype", "scale"),
    "v2.Normalize": ("mean", "std", "inplace"),
}
"""What each class is given, by attributes of the same names.  None of them draws a random number."""

Told = list[Any]


def told(transform: Any, function: Callable[[Any], int | None] = lambda _: None) -> list[Told] | None:
    """A transform as a list of [class, settings]; None where it is none of SETTINGS.

    One by a function of the file's own is ["function", what `function` makes of it].
    """
    for key, name in MODULES.items():
        module = sys.modules.get(name)
        if module is None:
            continue
        if type(transform) is module.Compose:
            parts = [told(part, function) for part in transform.transforms[: MAX_TRANSFORMS + 1]]
            if None in parts or len(parts) > MAX_TRANSFORMS:
                return None
            return [item for part in parts for item in part or ()]
        if type(transform) is module.Lambda and (key == "v1" or transform.types == (object,)):
            number = function(transform)
            return None if number is None else [["function", number]]
        known = f"{key}.{type(transform).__name__}"
        if known in SETTINGS and getattr(module, type(transform).__name__, None) is type(transform):
            values = {name: _plain(getattr(transform, name)) for name in SETTINGS[known]}
            return None if any(value is _UNKNOWN for value in values.values()) else [[known, values]]
    return None


def make(told: Sequence[Told], function: Callable[[Any], Any]) -> Any:
    """The transform of such a list; `function` makes those by functions.  Raises KeyError and TypeError."""
    made = []
    for name, settings in told[:MAX_TRANSFORMS]:
        if name == "function":
            made.append(function(settings))
            continue
        names = SETTINGS[name]
        given = {key: _made(key, settings[key]) for key in names}
        made.append(getattr(_module(name.partition(".")[0]), name.partition(".")[2])(**given))
    return _module("v1").Compose(made)


_UNKNOWN = object()


def _plain(value: Any) -> Any:
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, (tuple, list)):
        numbers = [_plain(item) for item in value[: MAX_TRANSFORMS + 1]]
        return _UNKNOWN if _UNKNOWN in numbers or len(numbers) > MAX_TRANSFORMS else numbers
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _UNKNOWN


def _made(key: str, value: Any) -> Any:
    if key != "dtype":
        return value
    dtype = getattr(torch, str(value))
    if not isinstance(dtype, torch.dtype):
        raise TypeError("not a type")
    return dtype


def _module(key: str) -> ModuleType:
    import importlib

    return importlib.import_module(MODULES[key])
