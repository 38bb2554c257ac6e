"""How a module's input is made of raw rows, and what a model gives for many of them; for both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Inputs:
    """How a module's input is made of raw rows: `scale * raw + shift`, `rows` at a time, each of `shape`."""

    rows: int
    shape: tuple[int, ...]
    dtype: torch.dtype
    scale: float
    shift: float
    residual: float

    def batch(self, raw: Rows) -> torch.Tensor:
        """Raw rows (rows, width) as an input of the module."""
        values = torch.from_numpy(raw.astype(np.float64)) * self.scale + self.shift
        return values.to(self.dtype).reshape(len(raw), *self.shape)


def logits_of(
    call: Callable[[torch.Tensor], Any], raw: Rows, inputs: Inputs, outputs: int, hurry: Callable[[], None]
) -> torch.Tensor:
    """What a model gives for raw rows (n, width): (n, outputs) as float32; the last batch is filled up.

    Raises ValueError where it gives something of another shape; `hurry` is called before each batch.
    """
    found = []
    with torch.no_grad():
        for start in range(0, len(raw), inputs.rows):
            hurry()
            part = raw[start : start + inputs.rows]
            filled = np.concatenate([part, np.repeat(part[-1:], inputs.rows - len(part), axis=0)])
            found.append(scores(call(inputs.batch(filled)), inputs.rows, outputs)[: len(part)])
    return torch.cat(found)


def scores(output: Any, rows: int, outputs: int) -> torch.Tensor:
    """An output as (rows, outputs) 32-bit floats.  Raises ValueError where it is no such tensor."""
    if not isinstance(output, torch.Tensor) or tuple(output.shape) != (rows, outputs):
        given = list(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        raise ValueError(f"its forward gives {given} in evaluation mode, not {[rows, outputs]}")
    return output.detach().float().cpu().clone()
