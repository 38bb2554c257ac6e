"""A layer of torch.nn is made again from what is told of it; one that is not as torch has it is not told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from sandbox.layers import CONTAINERS, SETTINGS, is_plain, make, settings_of

LAYERS: list[nn.Module] = [
    nn.Linear(3, 5),
    nn.Linear(3, 5, bias=False),
    nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2),
    nn.Conv2d(2, 4, (3, 5), padding="same", bias=False, padding_mode="reflect"),
    nn.MaxPool1d(3, stride=2),
    nn.MaxPool2d((2, 3), padding=1, ceil_mode=True),
    nn.AvgPool1d(2, count_include_pad=False),
    nn.AvgPool2d(2, ceil_mode=True),
    nn.AdaptiveAvgPool1d(3),
    nn.AdaptiveAvgPool2d((2, 3)),
    nn.BatchNorm1d(4, eps=1e-3, momentum=0.3),
    nn.BatchNorm1d(4, momentum=None, affine=False, track_running_stats=False),
    nn.BatchNorm2d(4, affine=False),
    nn.GroupNorm(2, 4),
    nn.GroupNorm(2, 4, eps=1e-3, affine=False),
    nn.LayerNorm((2, 3)),
    nn.LayerNorm(3, elementwise_affine=False, eps=1e-3),
    nn.LayerNorm(3, bias=False),
    nn.Dropout(0.3),
    nn.Dropout2d(0.3),
    nn.Embedding(7, 3, padding_idx=2),
    nn.Flatten(),
    nn.Flatten(2, 3),
    nn.Unflatten(1, (2, 3)),
    nn.Identity(),
    nn.ReLU(),
    nn.ReLU6(),
    nn.LeakyReLU(0.2),
    nn.PReLU(),
    nn.PReLU(4, init=0.1),
    nn.ELU(0.5),
    nn.GELU(approximate="tanh"),
    nn.SELU(),
    nn.SiLU(),
    nn.Mish(),
    nn.Hardswish(),
    nn.Sigmoid(),
    nn.Tanh(),
    nn.Softplus(2, 10),
    nn.Softmax(dim=1),
    nn.LogSoftmax(dim=-1),
]
named = pytest.mark.parametrize("layer", LAYERS, ids=repr)


def told(layer: nn.Module) -> dict[str, Any]:
    """What is told of a layer, as it comes out of a trace."""
    settings = settings_of(layer)
    assert settings is not None
    read: dict[str, Any] = json.loads(json.dumps(settings))
    return read


def test_each_class_is_here() -> None:
    assert {type(layer).__name__ for layer in LAYERS} == set(SETTINGS)
    assert not set(CONTAINERS) & set(SETTINGS)


@named
def test_a_layer_is_made_again(layer: nn.Module) -> None:
    made = make(type(layer).__name__, told(layer))
    assert type(made) is type(layer)
    assert repr(made) == repr(layer)
    assert told(made) == told(layer)
    shapes = [(name, tensor.shape) for name, tensor in layer.state_dict().items()]
    assert [(name, tensor.shape) for name, tensor in made.state_dict().items()] == shapes


@named
def test_making_draws_nothing(layer: nn.Module) -> None:
    before = torch.get_rng_state()
    make(type(layer).__name__, told(layer))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_layer_that_cannot_be_made_draws_nothing_either() -> None:
    before = torch.get_rng_state()
    for settings in (
        {"in_features": 3},
        {"in_features": "3", "out_features": 2},
        {"in_features": -1, "out_features": 2},
    ):
        with pytest.raises((TypeError, RuntimeError, ValueError)):
            make("Linear", settings)
    assert torch.equal(torch.get_rng_state(), before)


def test_settings_that_a_class_does_not_have_are_passed_over() -> None:
    made = make("Linear", {**told(nn.Linear(2, 3)), "device": "cuda", "dtype": "float64", "self": 1})
    assert repr(made) == repr(nn.Linear(2, 3))


class Linear(nn.Linear):
    """One of the file's own, by a name that torch has."""


def with_forward() -> nn.Module:
    layer = nn.Linear(2, 3)
    layer.forward = lambda x: x  # type: ignore[method-assign]
    return layer


def with_hook(register: str) -> Callable[[], nn.Module]:
    def make_one() -> nn.Module:
        layer = nn.Linear(2, 3)
        getattr(layer, register)(lambda *_: None)
        return layer

    return make_one


def with_setting(layer: nn.Module, name: str, value: Any) -> Callable[[], nn.Module]:
    def make_one() -> nn.Module:
        setattr(layer, name, value)
        return layer

    return make_one


ODD: dict[str, Callable[[], nn.Module]] = {
    "a class of the file's own": lambda: Linear(2, 3),
    "a forward of its own": with_forward,
    "a hook": with_hook("register_forward_hook"),
    "a hook before": with_hook("register_forward_pre_hook"),
    "a hook on the way back": with_hook("register_full_backward_hook"),
    "a hook before the way back": with_hook("register_full_backward_pre_hook"),
    "a norm of weights": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(2, 3)),
    "a layer that is not listed": lambda: nn.LSTM(2, 3),
    "a container": lambda: nn.Sequential(nn.Linear(2, 3)),
    "a number that is a tensor": with_setting(nn.Dropout(0.1), "p", torch.tensor(0.2)),
    "sizes that are none": lambda: nn.AdaptiveAvgPool2d((None, 3)),
    "a list of lists": with_setting(nn.MaxPool2d(2), "kernel_size", [[2, 2], [2, 2]]),
    "a long list": with_setting(nn.Unflatten(1, (2, 3)), "unflattened_size", (1,) * 9),
    "a setting that is gone": with_setting(nn.Flatten(), "start_dim", object()),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_not_as_torch_has_it_is_not_told(name: str) -> None:
    assert settings_of(ODD[name]()) is None


def test_a_container_is_plain_where_it_is_torch_s() -> None:
    assert is_plain(nn.Sequential(nn.ReLU()))
    assert not is_plain(type("Sequential", (nn.Sequential,), {})())
