"""Modes that a module is called in: training or evaluation, frozen parameters, precision."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from grader.examiner.things import Contradiction

PRECISIONS = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@contextlib.contextmanager
def frozen(module: torch.nn.Module, wanted: bool) -> Iterator[None]:
    """Inside, none of a module's parameters requires a gradient, if that is `wanted`."""
    held = [tensor for tensor in module.parameters() if tensor.requires_grad] if wanted else []
    for tensor in held:
        tensor.requires_grad_(False)
    try:
        yield
    finally:
        for tensor in held:
            tensor.requires_grad_(True)


def set_modes(module: torch.nn.Module, modes: str) -> None:
    """Put each layer in its mode: one letter for each, or for all of them."""
    layers = list(module.modules())
    letters = (modes * len(layers) if len(modes) == 1 else modes).lower()
    if len(letters) != len(layers) or not set(letters) <= {"t", "e"}:
        raise Contradiction("a module's modes are not those of its layers")
    for layer, letter in zip(layers, letters, strict=True):
        if layer.training != (
            letter == "t"
        ):  # setting an attribute of a module takes as long as a small layer
            layer.training = letter == "t"


def autocast(precision: str) -> contextlib.AbstractContextManager[Any]:
    """Autocast to a type, or none."""
    if not precision and not torch.is_autocast_enabled("cpu"):
        return contextlib.nullcontext()
    return torch.autocast(
        "cpu", PRECISIONS[precision] if precision else torch.bfloat16, enabled=bool(precision)
    )
