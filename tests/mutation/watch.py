"""The oracle's own hooks: what a run did to the graded parameters, its modes and its graphs; and what aligns two runs.

Two runs compare only where chance is the same in both, so the order of a shuffled pass depends on how many
passes over that data set went before (of several between which nothing was trained, one counts), and a dropout mask
on the step and the input, whatever else the loop draws.
"""

from __future__ import annotations

import random
import weakref
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler

COORDINATES = 400
"""Of each tensor; with its sum and sum of squares they tell two states apart."""
MOST_STATES = 50_000
ROUNDING = 1e-5
FIXED_RATE = 0.01
DEPENDENT = (_DropoutNd, _NormBase, nn.MultiheadAttention, nn.RNNBase)
"""Layers that do another thing in training than in evaluation."""


class Watch:
    """Follows one run.  `given` is the exercise's own model; in scripts the graded one is found by its shapes.

    `spares` is how many batches a run may draw and not use; see `sparing`.
    """

    spares = 0

    def __init__(self, given: nn.Module | None, shapes: list[list[int]], seed: int) -> None:
        self.steps: dict[int, list[np.ndarray]] = {}
        self.visits: dict[int, list[np.ndarray]] = {}
        self.modes: list[str] = []
        self.half = 0  # training forwards under autocast
        self.rates: list[float] = []  # of the first group, at every step
        self.graphs_in_evaluation = 0
        self.most_alive = 0
        self.held_out: set[float] = set()  # rows of held-out data, by their sums
        self.looks = 0  # forwards on some of them
        self._given, self._shapes, self._seed = given, [tuple(shape) for shape in shapes], seed
        self._groups: dict[int, Sequence[torch.Tensor]] = {}
        self._depth = self._count = self._forwards = 0
        self._last = -1
        self._tokens: list[weakref.ref[_Token]] = []
        self._random = given is None or any(isinstance(module, DEPENDENT) for module in given.modules())
        if given is not None:
            self._group(list(given.parameters()))

    # ── the graded parameters ────────────────────────────────────────────────────────────────────

    def _group(self, tensors: Sequence[torch.Tensor]) -> int:
        """The number of a group of tensors, the same for the same first tensor; -1 when it is not graded."""
        if self._given is None and sorted(tuple(t.shape) for t in tensors) != sorted(self._shapes):
            return -1
        key = min(id(tensor) for tensor in tensors) if tensors else -1
        if self._given is not None and self._groups and key not in self._groups:
            return -1
        if key not in self._groups:
            self._groups[key] = tensors
            self.steps[key], self.visits[key] = [self._state(key)], [self._state(key)]
        self._last = key if self._given is None else next(iter(self._groups))
        return key

    def _state(self, key: int) -> np.ndarray:
        parts = []
        for tensor in self._groups[key]:
            flat = tensor.detach().reshape(-1)
            stride = max(1, flat.numel() // COORDINATES)
            ends = torch.stack([flat.double().sum(), flat.double().square().sum()])
            parts += [flat[::stride].double(), ends]
        return torch.cat(parts).numpy() if parts else np.zeros(0)

    def _note(self, trail: dict[int, list[np.ndarray]], key: int) -> None:
        states, now = trail[key], self._state(key)
        if len(states) < MOST_STATES and not np.array_equal(states[-1], now, equal_nan=True):
            states.append(now)

    def stepped(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        """After an optimizer's step."""
        self._count += 1
        self.rates.append(float(optimizer.param_groups[0].get("lr", 0.0)))
        if self._given is None:
            self._group([p for group in optimizer.param_groups for p in group["params"]])
        for key in self._groups:
            self._note(self.steps, key)

    def buffers(self) -> np.ndarray:
        """The given model's buffers of floats, all in one."""
        found = (
            []
            if self._given is None
            else [item for item in self._given.buffers() if item.is_floating_point()]
        )
        return (
            torch.cat([item.detach().reshape(-1).double() for item in found]).numpy()
            if found
            else np.zeros(0)
        )

    def trails(self) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
        """States after the steps that changed anything and at the training forwards; the state at the end.

        The first are at the start; the last forward's is that of the end, whether or not a forward saw it.
        """
        if self._last not in self._groups:
            return [], [], np.zeros(0)
        self._note(self.visits, self._last)
        return self.steps[self._last], self.visits[self._last], self._state(self._last)

    def now(self) -> bytes:
        """The state of all that is followed, to be compared with a later one."""
        return b"".join(self._state(key).tobytes() for key in self._groups)

    def sparing(self, draw: Callable[..., Any]) -> Callable[..., Any]:
        """A function that draws batches as `draw` does, but hands out again the first few that were drawn in vain.

        One is drawn in vain where the next is drawn before anything has gone forward.
        """
        left = self.spares
        last: dict[tuple[Any, ...], tuple[int, Any]] = {}

        def sparing(*given: Any) -> Any:
            nonlocal left
            if left and given in last and last[given][0] == self._forwards:
                left -= 1
            else:
                last[given] = self._forwards, draw(*given)
            return last[given][1]

        return sparing

    # ── forwards ─────────────────────────────────────────────────────────────────────────────────

    def before(self, module: nn.Module, inputs: Any) -> Any:
        """A module is about to be called; the outermost call of a module with parameters is a root forward."""
        self._depth += 1
        if self._depth > 1:
            return None
        tensors = list(module.parameters())
        if not tensors:
            return None
        key = self._group(tensors)
        if self.held_out:  # a copy of the graded model may be what is validated
            self.looks += not self.held_out.isdisjoint(row_sums(inputs[0]))
        if torch.is_grad_enabled() and key in self._groups:
            self._forwards += 1
            self._note(self.visits, key)
            self.half += torch.is_autocast_enabled(tensors[0].device.type)
        flags = [str(int(m.training)) for m in module.modules() if isinstance(m, DEPENDENT)]
        if flags:
            kind = "train" if torch.is_grad_enabled() and module.training else "look"
            now = f"{kind} {''.join(flags)}"
            if not self.modes or self.modes[-1] != now:
                self.modes.append(now)
        return None

    def after(self, module: nn.Module, _: Any, output: Any) -> None:
        """A module's call is over."""
        self._depth -= 1
        if self._depth:
            return
        tensor = output[0] if isinstance(output, tuple) else output
        owns = any(True for _ in module.parameters())
        if not isinstance(tensor, torch.Tensor) or tensor.grad_fn is None or not owns:
            return
        if not module.training:
            self.graphs_in_evaluation += 1
        token = _Token()
        notes: Any = tensor.grad_fn.metadata
        notes["mutation oracle"] = token
        self._tokens = [reference for reference in self._tokens if reference() is not None]
        self._tokens.append(weakref.ref(token))
        self.most_alive = max(self.most_alive, len(self._tokens))

    def call(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """nn.Module.__call__ with the hooks around it, and chance that depends on step and input alone."""
        watch = self

        def __call__(module: nn.Module, *inputs: Any, **named: Any) -> Any:  # noqa: N807
            watch.before(module, inputs)
            state = torch.get_rng_state() if watch._random and watch._depth == 1 and module.training else None
            if state is not None:
                torch.manual_seed(watch._seed ^ zlib.crc32(repr((watch._count, _content(inputs))).encode()))
            try:
                output = original(module, *inputs, **named)
            except BaseException:
                watch._depth -= 1
                raise
            finally:
                if state is not None:
                    torch.set_rng_state(state)
            watch.after(module, inputs, output)
            return output

        return __call__


class _Token:
    """Lives as long as the graph it hangs on."""


def row_sums(rows: torch.Tensor) -> list[float]:
    """What tells one row of a batch from another."""
    sums: list[float] = rows.detach().double().reshape(len(rows), -1).sum(dim=1).tolist()
    return sums


def _content(inputs: Any) -> float:
    tensor = next((item for item in inputs if isinstance(item, torch.Tensor)), None)
    return 0.0 if tensor is None else float(tensor.detach().double().sum())


@contextmanager
def watching(given: nn.Module | None, shapes: list[list[int]], seed: int) -> Iterator[Watch]:
    """Watch whatever runs inside."""
    watch = Watch(given, shapes, seed)
    handle = register_optimizer_step_post_hook(watch.stepped)
    with mock.patch.object(nn.Module, "__call__", watch.call(nn.Module.__call__)):
        yield watch
    handle.remove()


def exact_clip(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> torch.Tensor:
    """clip_grad_norm_ without the 1e-6 it adds to the norm, which makes a second clip shorten what is short enough."""
    tensors = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
    gradients = [tensor.grad for tensor in tensors if tensor.grad is not None]
    norm = nn.utils.get_total_norm(gradients, norm_type, error_if_nonfinite, foreach)
    if float(norm) > float(max_norm) * (1 + ROUNDING) or not torch.isfinite(norm):
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return norm


@dataclass
class Alignment:
    """How chance is aligned.  `state` tells what has been trained so far."""

    state: Callable[[], object] = object
    passes: dict[int, tuple[int, object]] = field(default_factory=dict)

    def number(self, source: object) -> int:
        """The number of a pass over a data set that begins now: the last one's, where nothing was trained since."""
        last, before = self.passes.get(id(source), (-1, None))
        now = self.state()
        number = last if last >= 0 and now == before else last + 1
        self.passes[id(source)] = number, now
        return number


@contextmanager
def aligned(seed: int) -> Iterator[Alignment]:
    """Shuffled passes whose order depends on the data set and the number of passes over it before; exact clips."""
    alignment = Alignment()
    kept: list[object] = []

    def order(sampler: RandomSampler) -> Iterator[int]:
        source = sampler.data_source
        number = alignment.number(source)
        kept.append(source)  # so that its id is not given away
        generator = torch.Generator().manual_seed(seed + 1_000_003 * number + len(source))
        size = len(source)
        if sampler.replacement:
            yield from torch.randint(size, (sampler.num_samples,), generator=generator).tolist()
            return
        left = sampler.num_samples
        while left > 0:
            yield from torch.randperm(size, generator=generator).tolist()[:left]
            left -= size

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    with (
        mock.patch.object(RandomSampler, "__iter__", order),
        mock.patch.object(nn.utils, "clip_grad_norm_", exact_clip),
        mock.patch.object(nn.utils.clip_grad, "clip_grad_norm_", exact_clip),
    ):
        yield alignment


# ── freedoms, taken out of a run ─────────────────────────────────────────────────────────────────


@contextmanager
def without_clipping() -> Iterator[None]:
    """Clips measure the norm and change nothing."""

    def measure(parameters: Any, *_: object, **__: object) -> torch.Tensor:
        tensors = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        norms = [tensor.grad.norm() for tensor in tensors if tensor.grad is not None]
        return torch.stack(norms or [torch.zeros(())]).pow(2).sum().sqrt()

    with (
        mock.patch.object(nn.utils, "clip_grad_norm_", measure),
        mock.patch.object(nn.utils, "clip_grad_value_", measure),
        mock.patch.object(nn.utils.clip_grad, "clip_grad_norm_", measure),
        mock.patch.object(nn.utils.clip_grad, "clip_grad_value_", measure),
    ):
        yield


@contextmanager
def without_autocast() -> Iterator[None]:
    """Autocast is switched off."""
    original = torch.autocast.__init__

    def __init__(self: Any, *given: Any, **named: Any) -> None:  # noqa: N807
        original(self, *given, **named)
        self._enabled = False

    with mock.patch.object(torch.autocast, "__init__", __init__):
        yield


@contextmanager
def with_a_spare_batch() -> Iterator[None]:
    """One batch of a run may be drawn in vain."""
    with mock.patch.object(Watch, "spares", 1):
        yield


@contextmanager
def without_schedule() -> Iterator[None]:
    """Every step is taken with one and the same rate, whatever the groups say."""
    rates: list[Any] = []

    def before(optimizer: torch.optim.Optimizer, *_: object) -> None:
        rates.append([group["lr"] for group in optimizer.param_groups])
        for group in optimizer.param_groups:
            group["lr"] = FIXED_RATE

    def after(optimizer: torch.optim.Optimizer, *_: object) -> None:
        for group, rate in zip(optimizer.param_groups, rates.pop(), strict=True):
            group["lr"] = rate

    handles = register_optimizer_step_pre_hook(before), register_optimizer_step_post_hook(after)
    yield
    for handle in handles:
        handle.remove()


@contextmanager
def without_short_batches() -> Iterator[None]:
    """Every loader with a batch size and an order of its own drops a last, short batch: data are held out in order."""
    original = DataLoader.__init__

    def __init__(loader: Any, *given: Any, **named: Any) -> None:  # noqa: N807
        original(loader, *given, **named)
        batches: Any = getattr(loader, "batch_sampler", None)
        in_order = isinstance(loader.sampler, SequentialSampler)
        if loader.batch_size is not None and not in_order and hasattr(batches, "drop_last"):
            batches.drop_last = True

    with mock.patch.object(DataLoader, "__init__", __init__):
        yield


@contextmanager
def without_penalties() -> Iterator[None]:
    """Losses of nothing but one parameter tensor, as a penalty on its size is, are zero."""

    def zero_for_parameters(original: Callable[..., Any]) -> Callable[..., Any]:
        def loss(values: Any, *given: Any, **named: Any) -> Any:
            return values.new_zeros(()) if _is_of_one_parameter(values) else original(values, *given, **named)

        return loss

    with (
        mock.patch.object(nn.functional, "mse_loss", zero_for_parameters(nn.functional.mse_loss)),
        mock.patch.object(nn.functional, "l1_loss", zero_for_parameters(nn.functional.l1_loss)),
    ):
        yield


def _is_of_one_parameter(values: Any) -> bool:
    """Whether a tensor is a parameter, or has its shape and was computed from it and no other."""
    found: set[Any] = set()
    waiting = [values.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None:
            waiting.extend(following for following, _ in node.next_functions)
            if hasattr(node, "variable"):
                found.add(node.variable)
    leaves = found or {values}
    leaf = next(iter(leaves))
    return len(leaves) == 1 and isinstance(leaf, nn.Parameter) and leaf.shape == values.shape
