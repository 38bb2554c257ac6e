"""Autograd spies: backward, autograd.grad and gradient clipping, which have no hooks of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from sandbox import trace
from sandbox.spies.graphs import first_tensor, graph_nodes
from sandbox.spies.recorder import Recorder
from sandbox.spies.scores import squashed
from sandbox.spies.shapes import widened
from sandbox.spies.steady import Beat

LOOKED_AT = 3  # backwards whose graph is searched for shapes that do not match, and for squashed scores


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
    if root is None or root.numel() != 1:
        return root, None
    return root, float(torch._C.TensorBase.item(root))  # not Tensor.item, which is watched


def _backward(recorder: Recorder, original: Callable[..., None]) -> Any:
    steady = recorder.steady

    @recorder.shielded
    def look_before(tensors: Any, given: Any, plain: bool, retain: bool) -> dict[str, Any]:
        line = recorder.beat("B")
        root, value = _scalar(tensors)
        expression = recorder.script.backward(root, given, plain, retain)
        if recorder.quick:
            recorder.steady.hear_backward(expression, plain=plain and given is None and not retain)
        _note(recorder, root, value, line)
        if value is not None and given is not None and (weight := _scalar(given)[1]) is not None:
            value *= weight
        ledger = recorder.ledger
        if not ledger.open:
            return {}
        if not ledger.ready:
            _track_leaves(recorder, tensors)
            ledger.settle()
        seen = {"before": ledger.gradients(), "params": ledger.values()}
        return {"line": line, "value": value, "rows": recorder.steps, **seen}

    def look_after(seen: dict[str, Any]) -> None:
        ledger = recorder.ledger
        inside = recorder.steps - seen.pop("rows")  # steps taken by hooks while it ran
        if not ledger.ready:
            ledger.settle()
        if seen["params"] is None and not inside:
            seen["params"] = ledger.values()
        ledger.row("B", rows=inside, after=ledger.gradients(), **seen)

    @functools.wraps(original)
    def backward(
        tensors: Any,
        grad_tensors: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        grad_variables: Any = None,
        inputs: Any = None,
    ) -> None:
        if recorder.elsewhere or recorder.differentiating:  # a checkpoint's own backward is no beat
            original(tensors, grad_tensors, retain_graph, create_graph, grad_variables, inputs)
            return
        plain = not create_graph and grad_variables is None and inputs is None
        expected = steady.now is not None and steady.backward(
            tensors, plain=plain and grad_tensors is None and not retain_graph
        )
        seen = None if expected else look_before(tensors, grad_tensors, plain, bool(retain_graph))
        recorder.differentiating += 1
        try:
            original(tensors, grad_tensors, retain_graph, create_graph, grad_variables, inputs)
        finally:
            recorder.differentiating -= 1
        if seen:
            recorder.shield(look_after, seen)

    return backward


def _grad(recorder: Recorder, original: Callable[..., Any]) -> Any:
    steady = recorder.steady

    def look_before(outputs: Any, wanted: Sequence[Any], plain: bool) -> tuple[int, float | None]:
        line = recorder.beat("A")
        root, value = _scalar(outputs)
        recorder.script.differentiated("A", outputs, wanted, plain)
        _note(recorder, root, value, line)
        return line, value

    def look_after(line: int, value: float | None, wanted: Sequence[Any], result: Sequence[Any]) -> None:
        ledger, registry = recorder.ledger, recorder.registry
        given: dict[int, torch.Tensor] = {}
        for tensor, gradient in zip(wanted, result, strict=False):
            if first_tensor((tensor,)) is None or first_tensor((gradient,)) is None or not tensor.is_leaf:
                continue  # torch.func differentiates tensors of its own, which cannot be looked at
            given[registry.param(tensor, owned=_is_parameter(tensor))] = gradient
        given.pop(-1, None)
        ledger.track(given)
        if not ledger.ready:
            ledger.settle(given)
        ledger.row("A", line, value=value, after=ledger.gradients(given), params=ledger.values())

    def called(outputs: Any, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any], told: bool) -> Any:
        recorder.script.busy = True
        try:
            result = original(outputs, inputs, *args, **kwargs)
        finally:
            recorder.script.busy = False
        if told:
            recorder.shield(recorder.script.gave_gradients, result)
        return result

    @functools.wraps(original)
    def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if recorder.script.busy:  # torch asks a mode, which calls this once more
            return original(outputs, inputs, *args, **kwargs)
        steady.leave()
        one = isinstance(inputs, torch.Tensor)
        wanted: Sequence[Any] = [inputs] if one else list(inputs)
        if recorder.elsewhere or recorder.differentiating or not recorder.shield(_trains, recorder, wanted):
            told = not recorder.differentiating and not recorder.elsewhere
            if told:
                recorder.beat("a")
                recorder.shield(recorder.script.differentiated, "a", outputs, wanted, not args and not kwargs)
            return called(outputs, inputs if one else wanted, args, kwargs, told)
        seen = recorder.shield(look_before, outputs, wanted, not args and not kwargs)
        result = called(outputs, inputs if one else wanted, args, kwargs, True)
        if seen is not None and recorder.ledger.open:
            recorder.shield(look_after, *seen, wanted, result)
        return result

    return grad


def _trains(recorder: Recorder, inputs: Sequence[Any]) -> bool:
    """Whether gradients are asked for of parameters: leaves that can be read and are not the batch itself."""
    for tensor in inputs:
        leaf = first_tensor((tensor,))
        if leaf is not None and leaf.is_leaf and leaf.data_ptr() != recorder.batch_pointer:
            return True
    return False


def _note(recorder: Recorder, root: torch.Tensor | None, value: float | None, line: int) -> None:
    recorder.backwards += 1
    if recorder.backwards <= LOOKED_AT:
        if (shapes := widened(root)) is not None:
            recorder.write(trace.Widened(line=line, operand=shapes[0], result=shapes[1]))
        if by := squashed(root):
            recorder.write(trace.Squashed(line=line, by=by))
    value = recorder.unscaled(root, value)  # a scaled loss counts as what it was before
    recorder.feed.backward(root, value)
    if recorder.ledger.open:
        recorder.ledger.commit_graph(root, line)
    for callback in recorder.on_backward:
        callback(root)
    if value is not None:
        recorder.losses.add(value, line)


def _clip(recorder: Recorder, original: Callable[..., Any], name: str) -> Any:
    def look_before(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, str | None]:
        line = recorder.beat("C")
        limit = args[1] if len(args) > 1 else kwargs.get("max_norm", kwargs.get("clip_value"))
        kind = args[2] if len(args) > 2 else kwargs.get("norm_type", 2.0)
        recorder.script.clipped(name, args[0] if args else kwargs.get("parameters"), limit, kind)
        if recorder.quick:
            recorder.steady.hear(Beat("C"))
        return line, recorder.ledger.gradients() if recorder.ledger.open else None

    def look_after(line: int, before: str | None, limit: Any, norm: Any) -> None:
        if recorder.ledger.open:
            value = float(norm) if isinstance(norm, torch.Tensor) and norm.numel() == 1 else None
            bound = float(limit) if isinstance(limit, (int, float)) else None
            after = None if before is None else recorder.ledger.gradients()
            inside = "b" if recorder.differentiating else ""
            recorder.ledger.row(
                "C", line, text=name, value=value, extra=bound, before=before, after=after, flags=inside
            )

    @functools.wraps(original)
    def clip(*args: Any, **kwargs: Any) -> Any:
        seen = None
        if recorder.script.tracing and args and isinstance(args[0], Iterator):
            args = (list(args[0]), *args[1:])
        if not recorder.elsewhere and (recorder.steady.now is None or not recorder.steady.same("C")):
            seen = recorder.shield(look_before, args, kwargs)
        busy, recorder.script.busy = recorder.script.busy, True
        try:
            norm = original(*args, **kwargs)
        finally:
            recorder.script.busy = busy
        if seen is not None:
            limit = args[1] if len(args) > 1 else kwargs.get("max_norm", kwargs.get("clip_value"))
            recorder.shield(look_after, *seen, limit, norm)
        return norm

    return clip


def _track_leaves(recorder: Recorder, tensors: Any) -> None:
    """Find the leaf tensors a graph ends in, so that raw tensors without a module are watched too."""
    leaves = [getattr(node, "variable", None) for node in graph_nodes(first_tensor(tensors))]
    found = [leaf for leaf in leaves if leaf is not None]
    loose = [leaf for leaf in found if recorder.registry.find(leaf) < 0]
    recorder.ledger.track(recorder.registry.params(leaf for leaf in loose if _is_parameter(leaf)))
    recorder.ledger.track(
        recorder.registry.params((leaf for leaf in loose if not _is_parameter(leaf)), owned=False)
    )


def _is_parameter(leaf: Any) -> bool:
    return isinstance(leaf, torch.nn.Parameter)
