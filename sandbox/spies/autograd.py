"""Autograd spies: backward, autograd.grad and gradient clipping, which have no hooks of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch

from sandbox.spies.recorder import Recorder, first_tensor, graph_nodes


def install(recorder: Recorder) -> Callable[[], None]:
    """Watch backwards and clips; returns what undoes it."""
    replaced: list[tuple[Any, str, Any]] = []

    def replace(owner: Any, name: str, wrapper: Any) -> None:
        replaced.append((owner, name, getattr(owner, name)))
        setattr(owner, name, wrapper)

    replace(torch.autograd, "backward", _backward(recorder, torch.autograd.backward))
    replace(torch.autograd, "grad", _grad(recorder, torch.autograd.grad))
    for name in ("clip_grad_norm_", "clip_grad_value_"):
        wrapper = _clip(recorder, getattr(torch.nn.utils, name), name)
        replace(torch.nn.utils, name, wrapper)
        replace(torch.nn.utils.clip_grad, name, wrapper)

    def uninstall() -> None:
        for owner, name, original in reversed(replaced):
            setattr(owner, name, original)

    return uninstall


def _scalar(tensors: Any) -> tuple[torch.Tensor | None, float | None]:
    """The tensor that is differentiated and its value when it is a single number."""
    root = first_tensor(tensors)
    if root is None or root.numel() != 1 or root.is_sparse:
        return root, None
    return root, float(root.detach())


def _backward(recorder: Recorder, original: Callable[..., None]) -> Any:
    @functools.wraps(original)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        if recorder.elsewhere:
            return original(tensors, *args, **kwargs)
        line = recorder.beat("B")
        root, value = _scalar(tensors)
        _note(recorder, root, value, line)
        ledger = recorder.ledger
        if not ledger.open:
            return original(tensors, *args, **kwargs)
        if not ledger.ready:
            _track_leaves(recorder, tensors)
            ledger.settle()
        before, params, steps = ledger.gradients(), ledger.values(), recorder.steps
        original(tensors, *args, **kwargs)
        if not ledger.ready:
            ledger.settle()
        if params is None and recorder.steps == steps:
            params = ledger.values()
        inside = recorder.steps - steps  # steps taken by hooks while it ran
        ledger.row(
            "B", line, rows=inside, value=value, before=before, after=ledger.gradients(), params=params
        )
        return None

    return backward


def _grad(recorder: Recorder, original: Callable[..., Any]) -> Any:
    @functools.wraps(original)
    def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if recorder.elsewhere:
            return original(outputs, inputs, *args, **kwargs)
        line = recorder.beat("A")
        root, value = _scalar(outputs)
        _note(recorder, root, value, line)
        ledger, registry = recorder.ledger, recorder.registry
        if not ledger.open:
            return original(outputs, inputs, *args, **kwargs)
        wanted: Sequence[Any] = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
        result = original(outputs, inputs if isinstance(inputs, torch.Tensor) else wanted, *args, **kwargs)
        given: dict[int, torch.Tensor] = {}
        for tensor, value_of in zip(wanted, result, strict=False):
            if first_tensor((tensor,)) is None or first_tensor((value_of,)) is None or not tensor.is_leaf:
                continue  # torch.func differentiates tensors of its own, which cannot be looked at
            given[registry.param(tensor)] = value_of
        given.pop(-1, None)
        ledger.track(given)
        if not ledger.ready:
            ledger.settle(given)
        ledger.row("A", line, value=value, after=ledger.gradients(given), params=ledger.values())
        return result

    return grad


def _note(recorder: Recorder, root: torch.Tensor | None, value: float | None, line: int) -> None:
    recorder.backwards += 1
    recorder.feed.backward()
    recorder.ledger.commit_graph(root, line)
    for callback in recorder.on_backward:
        callback(root)
    if value is not None:
        recorder.losses.add(value, line)


def _clip(recorder: Recorder, original: Callable[..., Any], name: str) -> Any:
    @functools.wraps(original)
    def clip(*args: Any, **kwargs: Any) -> Any:
        if recorder.elsewhere:
            return original(*args, **kwargs)
        line = recorder.beat("C")
        before = recorder.ledger.gradients() if recorder.ledger.open else None
        norm = original(*args, **kwargs)
        if recorder.ledger.open:
            limit = args[1] if len(args) > 1 else kwargs.get("max_norm", kwargs.get("clip_value"))
            value = float(norm) if isinstance(norm, torch.Tensor) and norm.numel() == 1 else None
            bound = float(limit) if isinstance(limit, (int, float)) else None
            recorder.ledger.row("C", line, text=name, value=value, extra=bound, before=before)
        return norm

    return clip


def _track_leaves(recorder: Recorder, tensors: Any) -> None:
    """Find the leaf tensors a graph ends in, so that raw tensors without a module are watched too."""
    leaves = [getattr(node, "variable", None) for node in graph_nodes(first_tensor(tensors))]
    found = [leaf for leaf in leaves if leaf is not None]
    recorder.ledger.track(recorder.registry.params(sorted(found, key=id)))
