"""Tensors and graphs as spies may look at them: which can be read, what lies below, how long a graph lives."""

from __future__ import annotations

import weakref
from typing import Any

import torch

MAX_NODES = 20_000  # of a graph that is walked
MARK = "metronome"
STRIDED = torch.strided
functions_running = torch._C._functorch.peek_interpreter_stack  # of torch.func


def first_tensor(value: Any) -> torch.Tensor | None:
    """The first readable tensor in arguments as students pass them: a tensor, a tuple, a dict."""
    kind = type(value)
    first = value[0] if (kind is tuple or kind is list) and value else value
    if (
        type(first) is torch.Tensor  # what nearly every call has: `readable`, without a call of its own
        and first.layout is STRIDED
        and not first.is_meta
        and functions_running() is None
    ):
        return first
    if isinstance(value, torch.Tensor):
        return _plain(value)
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return None
    for item in value:
        if (found := first_tensor(item)) is not None:
            return found
    return None


def _plain(tensor: torch.Tensor) -> torch.Tensor | None:
    """A tensor as one of torch's own classes (an image of torchvision's is one underneath); None: unreadable."""
    kind: Any = type(tensor)
    if kind in (torch.Tensor, torch.nn.Parameter):
        return tensor if readable(tensor) else None
    if kind.__torch_dispatch__ is not torch.Tensor.__torch_dispatch__:
        return None
    with torch._C.DisableTorchFunctionSubclass():
        plain = tensor.as_subclass(torch.Tensor)
    return plain if readable(plain) else None


def readable(tensor: torch.Tensor) -> bool:
    """Whether a tensor's numbers can be looked at: not inside torch.func, not fake, not on "meta"."""
    return tensor.layout is STRIDED and not tensor.is_meta and functions_running() is None


def graph_nodes(root: torch.Tensor | None) -> set[Any]:
    """The nodes of the graph below a tensor, at most MAX_NODES of them."""
    seen: set[Any] = set()
    stack = [root.grad_fn] if root is not None else []
    while stack and len(seen) < MAX_NODES:
        node = stack.pop()
        if node is not None and node not in seen:
            seen.add(node)
            stack.extend(following for following, _ in node.next_functions)
    return seen


class Mark:
    """Hung on the node of a forward's output; alive exactly as long as that graph, whoever keeps it."""

    __slots__ = ("__weakref__",)


def mark_graph(output: torch.Tensor) -> weakref.ref[Mark] | None:
    """Hang a mark on a graph's root node; None where there is no graph."""
    return None if output.grad_fn is None else mark_node(output.grad_fn)


def mark_node(node: Any) -> weakref.ref[Mark]:
    """Hang a mark on a node."""
    mark = Mark()
    node.metadata[MARK] = mark
    return weakref.ref(mark)


def marks_below(root: torch.Tensor | None) -> set[Mark]:
    """The marks on the graph below a tensor."""
    return {node.metadata[MARK] for node in graph_nodes(root) if MARK in node.metadata}
