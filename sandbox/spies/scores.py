"""Scores: a softmax or a sigmoid right before a loss that has its own, told by the loss's graph."""

from __future__ import annotations

from typing import Any

import torch

from sandbox.spies.graphs import graph_nodes

TAKE_SCORES = ("LogSoftmaxBackward0", "LogsumexpBackward0", "BinaryCrossEntropyWithLogitsBackward0")
SQUASH = {"SoftmaxBackward0": "softmax", "SigmoidBackward0": "sigmoid"}
SHAPE_ONLY = frozenset(
    f"{name}Backward{number}"
    for name in ("View", "UnsafeView", "ReshapeAlias", "Transpose", "T", "Permute", "Squeeze", "Unsqueeze")
    for number in range(3)
) | {"ToCopyBackward0", "CloneBackward0"}
"""What changes a tensor's shape or type, and no number in it."""


def squashed(root: torch.Tensor | None) -> str:
    """Which of the two was applied to what a loss below this root takes for raw scores; "" when none was."""
    for node in graph_nodes(root):
        if node.name() not in TAKE_SCORES:
            continue
        inner = _input(node)
        while inner is not None and inner.name() in SHAPE_ONLY:
            inner = _input(inner)
        if inner is not None and inner.name() in SQUASH:
            return SQUASH[inner.name()]
    return ""


def _input(node: Any) -> Any:
    """The node that a node's first operand comes from; None where that has no graph."""
    return node.next_functions[0][0] if node.next_functions else None
