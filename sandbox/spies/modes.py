"""In which mode forwards ran: training or evaluation, with or without gradients, on which loader's batches.

Only layers that behave differently in the two modes decide: dropout, batch norm and their kin.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.instancenorm import _InstanceNorm

from sandbox import trace

if TYPE_CHECKING:
    from sandbox.spies.recorder import Recorder
    from sandbox.spies.registry import ModuleInfo

MAX_USES = 256
MAX_LAYERS = 512


class Use:
    """Forwards that were alike; see trace.ForwardUse."""

    __slots__ = ("at_step", "calls", "key", "layers", "line", "trained")

    def __init__(self, key: tuple[int, int, bool, str], layers: list[str], line: int, at_step: int) -> None:
        self.key, self.layers, self.line, self.at_step = key, layers, line, at_step
        self.calls = self.trained = 0

    def used(self) -> None:
        """A step has used gradients of one of them."""
        self.trained += 1


class ModeLog:
    """Counts forwards by module, loader, gradient setting and mode."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._uses: dict[tuple[int, int, bool, str], Use] = {}
        self._layers: dict[int, list[weakref.ref[nn.Module]]] = {}

    def note(self, info: ModuleInfo, module: nn.Module, loader: int) -> Use | None:
        """A forward of a root module on a batch of this loader (-1: none)."""
        layers = self._layers.get(info.number)
        if layers is None:
            layers = self._layers[info.number] = [weakref.ref(layer) for layer in dependent(module)]
        mode = _mode(module, layers) if layers else ("t" if module.training else "e")
        grad = torch.is_grad_enabled()
        if grad and mode == "e":  # a module whose parameters are all frozen builds no graph
            grad = any(parameter.requires_grad for parameter in module.parameters())
        key = (info.number, loader, grad, mode)
        use = self._uses.get(key)
        if use is None:
            if len(self._uses) >= MAX_USES:
                return None
            names = sorted({type(layer).__name__[:80] for ref in layers if (layer := ref()) is not None})
            use = self._uses[key] = Use(key, names[:16], self._recorder.line(3), self._recorder.steps)
        use.calls += 1
        return use

    def flags(self, info: ModuleInfo) -> list[tuple[weakref.ref[nn.Module], bool]]:
        """The layers of a module that depend on the mode, and the mode each is in."""
        layers = self._layers.get(info.number, ())
        return [(ref, layer.training) for ref in layers if (layer := ref()) is not None]

    def close(self) -> None:
        """Write the table."""
        for use in self._uses.values():
            module, loader, grad, mode = use.key
            self._recorder.write(
                trace.ForwardUse(
                    module=module,
                    loader=loader,
                    grad=grad,
                    mode=mode,
                    layers=use.layers,
                    calls=use.calls,
                    trained=use.trained,
                    line=use.line,
                    at_step=use.at_step,
                ),
                closing=True,
            )


def dependent(module: nn.Module) -> list[nn.Module]:
    """The layers whose result depends on the mode."""
    found = [layer for layer in module.modules() if _depends(layer)]
    return found[:MAX_LAYERS]


def _depends(layer: nn.Module) -> bool:
    if isinstance(layer, _DropoutNd):
        return layer.p > 0
    if isinstance(layer, (_BatchNorm, _InstanceNorm)):
        return layer.track_running_stats
    if isinstance(layer, (nn.RNNBase, nn.MultiheadAttention)):
        return float(layer.dropout) > 0
    return isinstance(layer, nn.RReLU)


def _mode(module: nn.Module, layers: list[weakref.ref[nn.Module]]) -> str:
    """t or e, m where the layers that depend on the mode differ.

    f: all those layers are in evaluation mode, but the module itself is not.
    """
    flags = {layer.training for ref in layers if (layer := ref()) is not None} or {module.training}
    if len(flags) > 1:
        return "m"
    if module.training and False in flags:
        return "f"
    return "t" if flags.pop() else "e"
