"""Reach: which trainable parameters of the exercise's own module no gradient ever came to."""

from __future__ import annotations

import hashlib

import torch

from sandbox import trace
from sandbox.spies.recorder import Recorder
from sandbox.spies.registry import ModuleInfo

MAX_NAMES = 16


class GradientReach:
    """Remembers the first values, and at the end tells the parameters that were neither reached nor changed."""

    def __init__(self, recorder: Recorder, module: torch.nn.Module, info: ModuleInfo) -> None:
        self._recorder, self._module, self._info = recorder, module, info
        self._first = [_digest(parameter) for parameter in module.parameters()]

    def close(self) -> None:
        """Write the record."""
        named = list(self._module.named_parameters())
        if len(named) != len(self._first) or len(named) != len(self._info.params):
            return  # the module was rebuilt: its parameters are others now
        unreached = set(self._recorder.ledger.unreached(self._info.params))
        without = [
            place
            for place, ((_, parameter), first) in enumerate(zip(named, self._first, strict=True))
            if parameter.requires_grad
            and self._info.params[place] in unreached
            and _digest(parameter) == first
        ]
        record = trace.Reach(
            module=self._info.number,
            trainable=sum(parameter.requires_grad for _, parameter in named),
            without=without,
            names=[named[place][0][:80] for place in without][:MAX_NAMES],
        )
        self._recorder.write(record, closing=True)


def _digest(tensor: torch.Tensor) -> bytes:
    flat = tensor.detach().reshape(-1).cpu().contiguous()
    return hashlib.sha256(flat.view(torch.uint8).numpy().tobytes()).digest()
