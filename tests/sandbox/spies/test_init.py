"""Installing and removing the spies: afterwards every patched attribute is the original object again."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.modules import module
from torch.optim import optimizer
from torch.optim.lr_scheduler import LRScheduler, StepLR
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

from sandbox import trace
from sandbox.spies import install
from sandbox.spies.loss import LOSSES
from sandbox.spies.recorder import Recorder
from tests.sandbox.watching import watch

PATCHED: list[tuple[Any, str]] = [
    (torch.autograd, "backward"),
    (torch.autograd, "grad"),
    (torch.nn.utils, "clip_grad_norm_"),
    (torch.nn.utils, "clip_grad_value_"),
    (torch.nn.utils.clip_grad, "clip_grad_norm_"),
    (torch.nn.utils.clip_grad, "clip_grad_value_"),
    (torch.optim.Optimizer, "__init__"),
    (torch.optim.Optimizer, "zero_grad"),
    (torch.nn.Module, "zero_grad"),
    (torch.nn.Module, "__call__"),
    (torch.Tensor, "item"),
    (DataLoader, "__iter__"),
    (_BaseDataLoaderIter, "__next__"),
    (_BaseDataLoaderIter, "__init__"),
    (_BaseDataLoaderIter, "_reset"),
    (torch, "manual_seed"),
    (torch, "seed"),
    (torch, "set_rng_state"),
    *[(torch.amp.GradScaler, name) for name in ("scale", "unscale_", "step", "update")],
    (LRScheduler, "__init__"),
    (LRScheduler, "step"),
    (StepLR, "__init__"),
    *[(torch.nn.functional, name) for name in LOSSES],
]
OWNERS: list[Any] = [
    torch,
    torch.Tensor,
    torch.autograd,
    torch.autograd.profiler,
    torch.nn.functional,
    torch.nn.Module,
    torch.nn.utils,
    torch.nn.utils.clip_grad,
    torch.optim.Optimizer,
    torch.optim.SGD,
    torch.amp.GradScaler,
    LRScheduler,
    StepLR,
    torch.random,
    DataLoader,
    _BaseDataLoaderIter,
]


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """What torch imports at the first step, and Tensor.item once it was wrapped, stay in their namespaces."""
    watch("criterion(model(x), 3 * x - 1).backward(); optimizer.step()")


def state() -> list[tuple[Any, str, int]]:
    """The identity of everything in the namespaces that spies touch."""
    return [(owner, name, id(value)) for owner in OWNERS for name, value in sorted(vars(owner).items())]


def hooks() -> tuple[int, ...]:
    """How many global hooks there are."""
    return (
        len(module._global_forward_pre_hooks),
        len(module._global_forward_hooks),
        len(module._global_forward_hooks_always_called),
        len(optimizer._global_optimizer_pre_hooks),
        len(optimizer._global_optimizer_post_hooks),
    )


def test_removing_the_spies_gives_back_every_original_object() -> None:
    before, hooked = state(), hooks()
    originals = [getattr(owner, name) for owner, name in PATCHED]
    spies = install(Recorder(trace.Writer(lambda data: None), "loop.py"))
    changed = [getattr(owner, name) for owner, name in PATCHED]
    assert not any(now is original for now, original in zip(changed, originals, strict=True))
    # Modules have no global hook, which would slow every inner one down.  A step has one
    # before it and one behind it.
    assert [now - count for now, count in zip(hooks(), hooked, strict=True)] == [0, 0, 0, 1, 1]
    spies.remove()
    assert state() == before
    assert hooks() == hooked
    spies.remove()
    assert state() == before


def test_a_loop_that_fails_leaves_nothing_behind() -> None:
    before, hooked = state(), hooks()
    with pytest.raises(ZeroDivisionError):
        watch("model(x).sum().backward(); optimizer.step(); 1 / 0")
    assert state() == before
    assert hooks() == hooked


def test_the_wrapped_functions_keep_their_names_and_signatures() -> None:
    spies = install(Recorder(trace.Writer(lambda data: None), "loop.py"))
    try:
        for owner, name in PATCHED:
            assert getattr(owner, name).__name__ in (name, "backward", "grad", "_wrapped_call_impl")
            assert getattr(owner, name).__wrapped__
    finally:
        spies.remove()
