"""Layers of torch.nn by class and settings, so that a trusted process can make them again."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

_WINDOW = ("kernel_size", "stride", "padding")
_CONVOLUTION = ("in_channels", "out_channels", *_WINDOW, "dilation", "groups", "bias", "padding_mode")
_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats")

SETTINGS: dict[str, tuple[str, ...]] = {
    "Linear": ("in_features", "out_features", "bias"),
    "Conv1d": _CONVOLUTION,
    "Conv2d": _CONVOLUTION,
    "MaxPool1d": (*_WINDOW, "dilation", "ceil_mode"),
    "MaxPool2d": (*_WINDOW, "dilation", "ceil_mode"),
    "AvgPool1d": (*_WINDOW, "ceil_mode", "count_include_pad"),
    "AvgPool2d": (*_WINDOW, "ceil_mode", "count_include_pad"),
    "AdaptiveAvgPool1d": ("output_size",),
    "AdaptiveAvgPool2d": ("output_size",),
    "BatchNorm1d": _NORM,
    "BatchNorm2d": _NORM,
    "GroupNorm": ("num_groups", "num_channels", "eps", "affine"),
    "LayerNorm": ("normalized_shape", "eps", "elementwise_affine", "bias"),
    "Dropout": ("p",),
    "Dropout2d": ("p",),
    "Embedding": ("num_embeddings", "embedding_dim", "padding_idx"),
    "Flatten": ("start_dim", "end_dim"),
    "Unflatten": ("dim", "unflattened_size"),
    "Identity": (),
    "ReLU": (),
    "ReLU6": (),
    "LeakyReLU": ("negative_slope",),
    "PReLU": ("num_parameters", "init"),
    "ELU": ("alpha",),
    "GELU": ("approximate",),
    "SELU": (),
    "SiLU": (),
    "Mish": (),
    "Hardswish": (),
    "Sigmoid": (),
    "Tanh": (),
    "Softplus": ("beta", "threshold"),
    "Softmax": ("dim",),
    "LogSoftmax": ("dim",),
}
"""What each class's constructor is given, by attributes of the same names."""
CONTAINERS = ("Sequential",)
"""Classes that are made of their children, whose names are numbers."""
_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
)


def settings_of(layer: nn.Module) -> dict[str, Any] | None:
    """What a layer of torch.nn was made with; None where it is none of SETTINGS as torch has it."""
    name = type(layer).__name__
    if name not in SETTINGS or not is_plain(layer):
        return None
    found: dict[str, Any] = {}
    for key in SETTINGS[name]:
        value = getattr(layer, key, None)
        if key == "bias":
            value = value is not None
        if not _is_told(value):
            return None
        found[key] = list(value) if isinstance(value, (tuple, torch.Size)) else value
    return found


def is_plain(layer: nn.Module) -> bool:
    """Whether a layer is of a class of torch.nn, and does what the class says."""
    own = getattr(nn, type(layer).__name__, None)
    return own is type(layer) and "forward" not in vars(layer) and not any(vars(layer)[key] for key in _HOOKS)


def make(name: str, settings: dict[str, Any]) -> nn.Module:
    """A layer, of a class of SETTINGS; its parameters are new.  Draws nothing from torch's generator."""
    given = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in settings.items()
        if key in SETTINGS[name]
    }
    state = torch.get_rng_state()
    try:
        made: nn.Module = getattr(nn, name)(**given)
    finally:
        torch.set_rng_state(state)
    return made


def _is_told(value: Any) -> bool:
    if isinstance(value, (tuple, list, torch.Size)):
        return len(value) <= 8 and all(type(item) is int for item in value)
    return value is None or isinstance(value, (bool, int, float, str))
