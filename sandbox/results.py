"""What a run leaves: which module is graded, its weights, its hashes, what the function returned."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import safetensors.torch
import torch

from sandbox import trace
from sandbox.inputs import Inputs, Rows
from sandbox.spies.reach import GradientReach
from sandbox.spies.recorder import Recorder
from sandbox.spies.registry import ModuleInfo
from sandbox.spies.sources import Fit, SourceSpy, arrange

EARLY_HASHES = 8
MAX_HASHES = 64
MAX_NUMBERS = 4096
MAX_TENSORS = 512  # of a model of the file's own architecture
FIT_RESIDUAL = 1e-4  # float32 outputs against a float64 fit; a wrong map misses by far more
SAFE_DTYPES = (torch.float32, torch.float64)


class Results:
    """Follows the candidates for grading; `given` is the exercise's own module, None in scripts.

    `own` are the bounds of a model of the file's own architecture (inputs, outputs, parameters), which has no
    `shapes`; `answers` are its logits for unseen rows, where the run was asked for them.
    """

    def __init__(
        self,
        recorder: Recorder,
        shapes: list[list[int]],
        given: torch.nn.Module | None,
        sources: SourceSpy | None,
        own: Mapping[str, int] | None = None,
    ) -> None:
        self._recorder = recorder
        self._shapes = shapes
        self._own = own
        self.outputs = own["outputs"] if own else shapes[-1][0] if shapes else 0
        self._too_large = 0
        self._begun: dict[int, list[torch.Tensor]] = {}
        self.answers: list[torch.Tensor] = []
        self._sources = sources
        self.given = given
        self._first: dict[int, str] = {}
        self._reach: GradientReach | None = None
        self._hashes = 0
        self._last: torch.nn.Module | None = given
        self._returned: list[torch.Tensor] = []
        if given is not None and (info := recorder.registry.module(given)) is not None:
            info.module = given
            recorder.graded = set(info.params)
            recorder.ledger.track(info.params)
            self._reach = GradientReach(recorder, given, info)
            self._first[info.number] = digest(given)
            recorder.write(trace.Hash(step=0, sha256=self._first[info.number]))
        recorder.on_step.append(self._stepped)

    def watch(
        self, info: ModuleInfo, module: torch.nn.Module, batch: torch.Tensor | None, output: Any, line: int
    ) -> None:
        """After a training forward: keep the modules that could be the graded one."""
        if info.module is not None or self.given is not None:
            return
        if isinstance(output, torch.Tensor) and output.dim() == 2 and output.shape[1] == self.outputs:
            if self._own is not None and not self._is_own(self._own, info, module, batch):
                return
            info.module = self._last = module
            self._first[info.number] = digest(module)
            if not self._recorder.steps:
                self._recorder.write(trace.Hash(step=0, sha256=self._first[info.number]))

    def _is_own(
        self, own: Mapping[str, int], info: ModuleInfo, module: torch.nn.Module, batch: torch.Tensor | None
    ) -> bool:
        """Whether a module takes rows of the right width, and is no larger than it may be."""
        if batch is None or batch.dim() < 2 or batch.numel() != len(batch) * own["inputs"]:
            return False
        state = self.state_of(module)
        count = sum(tensor.numel() for tensor in state)
        if count > own["parameters"] or len(state) > MAX_TENSORS:
            self._too_large = count
            return False
        self._begun[info.number] = [tensor.detach().clone() for tensor in state]
        return True

    def state_of(self, module: torch.nn.Module) -> list[torch.Tensor]:
        """The state of a model of the file's own architecture: its parameters, then its buffers of floats."""
        return [*module.parameters(), *(item for item in module.buffers() if item.is_floating_point())]

    def first_state(self, info: ModuleInfo) -> list[torch.Tensor]:
        """That state as it was after the first training forward, before any step followed."""
        return self._begun.get(info.number, [])

    def inputs_of(self, info: ModuleInfo) -> Inputs | None:
        """How a module's input is made of raw rows; None where that is not known well enough."""
        found = None if self._sources is None else self._sources.inputs_of(info)
        return found if found is not None and found.residual <= FIT_RESIDUAL else None

    def some_rows(self, count: int) -> Rows:
        """Raw training rows, (count, width)."""
        assert self._sources is not None
        return self._sources.some_rows(count)

    def _stepped(self) -> None:
        steps = self._recorder.steps
        early = steps <= EARLY_HASHES
        if self._last is not None and (early or steps & (steps - 1) == 0) and self._hashes < MAX_HASHES:
            self._hashes += 1
            self._recorder.write(trace.Hash(step=steps, sha256=digest(self._last)))

    def handed_back(self, value: Any) -> None:
        """What the student's function returned: a module of the graded shapes counts, instead of the given one."""
        if self._shapes and isinstance(value, torch.nn.Module) and value is not self.given:
            self._returned = self._state(value)
            self._recorder.script.returned(self._returned)

    def returned(self, state: list[torch.Tensor]) -> None:
        """The state that counts instead of the given module's."""
        self._returned = state

    def first(self) -> bytes:
        """The given module's graded state as it is now, as safetensors; b"" where none is given or does not fit."""
        state = [] if self.given is None else self._state(self.given)
        return to_safetensors(state) if state else b""

    def _state(self, module: torch.nn.Module) -> list[torch.Tensor]:
        """A module's tensors in the graded order: its parameters, or with its buffers; [] where they do not fit."""
        if self._own is not None:
            return self.state_of(module)
        # In scripts only parameters count: buffers show in the fitted map.
        state = arrange(list(module.parameters()), self._shapes)
        return state if state or self.given is None else arrange(_floats(module), self._shapes)

    def choose(self, namespace: dict[str, Any]) -> tuple[torch.nn.Module | None, ModuleInfo | None, str]:
        """The graded module, or None and why: the given one, the last stepped, or the global `model`."""
        modules = self._recorder.registry.modules
        if self.given is not None:
            info = next((info for info in modules if info.module is self.given), None)
            return self.given, info, ""
        candidates = [info for info in modules if info.module is not None]
        if not candidates and self._own is not None and self._too_large:
            most = self._own["parameters"]
            return None, None, f"it has {self._too_large:,} numbers, and may have {most:,} at the most"
        if not candidates and self._own is not None:
            return (
                None,
                None,
                (
                    f"no module was seen that takes rows of {self._own['inputs']} numbers to {self.outputs} scores "
                    "while training"
                ),
            )
        if not candidates:
            return None, None, "no module was seen that gives outputs of the expected width while training"
        latest = max(info.stepped for info in candidates)
        last = [info for info in candidates if info.stepped == latest]
        if len({tuple(sorted(info.params)) for info in last}) > 1:
            named = [info for info in last if info.module is namespace.get("model")]
            if len(named) != 1:
                return None, None, "several modules were trained, and none of them is a global named `model`"
            last = named
        return last[0].module, last[0], ""

    def finish(self, namespace: dict[str, Any]) -> tuple[bytes, bool]:
        """Write what is graded; its weights as safetensors (b"" where there are none), and if they moved."""
        if not self._shapes and self._own is None and self.given is None:
            return b"", False  # the exercise grades no module
        if self._reach is not None:
            self._reach.close()
        module, info, reason = self.choose(namespace)
        state: list[torch.Tensor] = []
        if module is not None:
            state = self._returned or self._state(module)
            if not state:
                shapes = [list(tensor.shape) for tensor in module.parameters()][:16]
                reason = f"its parameters have the shapes {shapes}, not {self._shapes}"
        found = self._own_inputs(info) if self._own is not None else self._fit(info)
        if not reason and self.given is None:
            reason = _unclear(found) if self._own is None else _untraced(found)
        self._recorder.write(
            trace.Graded(
                module=info.number if info else -1,
                names=[str(number) for number in range(len(state))],
                shapes=[list(tensor.shape) for tensor in state],
                dtypes=[str(tensor.dtype).removeprefix("torch.") for tensor in state],
                scale=found.scale if found else 1.0,
                shift=found.shift if found else 0.0,
                residual=found.residual if found else 0.0,
                form=found.form if found else "logits",
                reason=reason,
            ),
            closing=True,
        )
        if module is None or info is None:
            return b"", False
        final = digest(module)
        self._recorder.write(trace.Hash(step=self._recorder.steps, sha256=final), closing=True)
        making = self._recorder.making
        beside = [] if making is None else making.aside
        left = b"" if reason else to_safetensors([*state, *beside, *self.answers])
        return left, final != self._first.get(info.number)

    def _own_inputs(self, info: ModuleInfo | None) -> Fit | None:
        """The map of a module's input, where its architecture is the file's own."""
        found = None if self._sources is None or info is None else self._sources.inputs_of(info)
        return None if found is None else Fit(found.scale, found.shift, found.residual, "logits")

    def _fit(self, info: ModuleInfo | None) -> Fit | None:
        if self._sources is None or info is None:
            return None
        return self._sources.fit_of(info)


def _floats(module: torch.nn.Module) -> list[torch.Tensor]:
    """Parameters and buffers of floats, in the order of the state dict."""
    return [tensor for tensor in module.state_dict().values() if tensor.is_floating_point()]


def _unclear(found: Fit | None) -> str:
    """Why the input map cannot be used; "" when it can."""
    if found is None:
        return "its inputs could not be traced back to the raw data"
    if not found.residual <= FIT_RESIDUAL:
        return (
            "its outputs are not those of one linear layer on the raw data after a scale and a shift "
            f"(relative residual {found.residual:.2g})"
        )
    return ""


def _untraced(found: Fit | None) -> str:
    """Why the map of an own architecture's input cannot be used; "" when it can."""
    if found is None:
        return "its inputs could not be traced back to the raw data"
    if not found.residual <= FIT_RESIDUAL:
        return (
            "its inputs are not the raw data after one scale and one shift "
            f"(relative residual {found.residual:.2g})"
        )
    return ""


def digest(module: torch.nn.Module) -> str:
    """sha256 over a module's parameters, in order, as bytes."""
    total = hashlib.sha256()
    for tensor in module.parameters():
        flat = tensor.detach().reshape(-1).cpu().contiguous()
        total.update(flat.view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def to_safetensors(state: list[torch.Tensor]) -> bytes:
    """Tensors as a safetensors file named "0", "1", …; half precisions are widened to 32 bits."""
    plain = {}
    for number, tensor in enumerate(state):
        value = tensor.detach().cpu()
        plain[str(number)] = (value if value.dtype in SAFE_DTYPES else value.float()).contiguous().clone()
    return safetensors.torch.save(plain)


def returned(value: Any) -> trace.Returned:
    """What a function returned, as far as it is a run of numbers."""
    numbers: list[float] = []
    length = -1
    if isinstance(value, (list, tuple)):
        length = len(value)
        for item in list(value)[:MAX_NUMBERS]:
            try:
                numbers.append(float(item))
            except (TypeError, ValueError, RuntimeError):
                numbers.append(math.nan)
    elif isinstance(value, torch.Tensor) and value.dim() == 1:
        length = len(value)
        numbers = [float(item) for item in value.detach().double().tolist()[:MAX_NUMBERS]]
    return trace.Returned(type=type(value).__name__[:80], length=length, numbers=numbers)
