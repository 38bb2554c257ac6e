"""Shapes: a difference written by hand in which broadcasting compares every prediction with every target."""

from __future__ import annotations

from typing import Any

import torch

from sandbox.spies.graphs import graph_nodes

ON_PURPOSE = ("UnsqueezeBackward0", "ExpandBackward0", "RepeatBackward0")


def widened(root: torch.Tensor | None) -> tuple[list[int], list[int]] | None:
    """The shapes of an operand and of a difference of it in a loss's graph, (B, 1) or (B,) and (B, B).

    Only one side of the difference may depend on the model, and no dimension may have been added to it by name.
    """
    for node in graph_nodes(root):
        if node.name() not in ("SubBackward0", "RsubBackward1"):
            continue
        operands = [(inner, slot) for inner, slot in node.next_functions if inner is not None]
        if len(operands) != 1 or operands[0][0].name() in ON_PURPOSE:
            continue
        operand, result = _shape(*operands[0]), _shape(node, 0)
        rows = max(operand, default=0)
        if rows > 1 and operand in ([rows], [rows, 1]) and result == [rows, rows]:
            return operand, result
    return None


def _shape(node: Any, slot: int) -> list[int]:
    """The shape of a node's output; [] where it is not told."""
    told = getattr(node, "_input_metadata", ())
    return list(told[slot].shape) if slot < len(told) else []
