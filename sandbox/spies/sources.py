"""Where a training batch came from, and how its rows were turned into what the module saw.

An affine map (ToTensor, Normalize, flattening) leaves the correlation of a row with its raw image at
one, so a handful of rows is matched by content against every known raw row.  That tells training data
from held-out data however they were wrapped, and which raw rows the module's outputs belong to.

From those outputs the map the module really computes is fitted: with W and c its parameters,
`output = W (scale * raw + shift) + c` is linear in scale and shift.  Outputs that went through a
log-softmax or a softmax are compared after removing what softmax forgets, a constant in each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from sandbox import trace
from sandbox.spies.graphs import MARK, Mark, marks_below
from sandbox.spies.recorder import Recorder
from sandbox.spies.registry import ModuleInfo

ROWS = 12  # of a batch that are looked at
CHUNK = 4096
MATCH = 0.9995  # correlation from which a row is the raw row
MIN_WIDTH = 16  # narrower rows say too little
MAX_LOOKS = 48
HALF_ERROR = 0.05  # relative, of outputs in 16 bits


@dataclass(frozen=True)
class Fit:
    """A fitted map from raw rows to a module's outputs; `residual` is relative to the outputs' spread."""

    scale: float
    shift: float
    residual: float
    form: str


class SourceSpy:
    """A forward watcher: looks at the first training forwards, and then ever more rarely."""

    def __init__(
        self, recorder: Recorder, sources: dict[str, np.ndarray[Any, Any]], shapes: list[list[int]]
    ) -> None:
        self._recorder = recorder
        self._sources = {name: torch.from_numpy(np.array(rows)) for name, rows in sources.items()}
        widths = {rows.shape[1] for rows in sources.values() if rows.ndim == 2}
        self._width = widths.pop() if len(widths) == 1 else 0
        self._shapes = shapes
        self._forwards = self._looks = 0
        self._next = 1
        self._pass = 0
        self._waiting: list[tuple[Mark | None, trace.Origin]] = []
        self.fits: dict[int, Fit | None] = {}
        recorder.on_backward.append(self._differentiated)

    def watch(
        self, info: ModuleInfo, module: torch.nn.Module, batch: torch.Tensor | None, output: Any, line: int
    ) -> None:
        """Called after each training forward; mostly returns at once."""
        self._forwards += 1
        if self._looks >= MAX_LOOKS or (self._forwards < self._next and self._recorder.passes == self._pass):
            return
        self._pass = self._recorder.passes  # a new pass over a loader may bring other data
        self._next = self._forwards + max(1, self._forwards // 2)
        if self._width < MIN_WIDTH or batch is None or batch.dim() < 2:
            return
        self._looks += 1
        kind = batch.device.type
        with torch.no_grad(), torch.autocast("cpu", enabled=False), torch.autocast(kind, enabled=False):
            self._look(info, module, batch, output, line)

    def _look(
        self, info: ModuleInfo, module: torch.nn.Module, batch: torch.Tensor, output: torch.Tensor, line: int
    ) -> None:
        if batch.numel() != batch.shape[0] * self._width:
            self.fits[info.number] = None
            return
        take = torch.linspace(0, batch.shape[0] - 1, min(ROWS, batch.shape[0])).long()
        rows = batch.detach().reshape(batch.shape[0], -1)[take].float().cpu()
        names, raws = self._match(rows)
        counts: dict[str, int] = {}
        for name in names:
            counts[name] = counts.get(name, 0) + 1
        kept = [index for index, name in enumerate(names) if name != "unknown"]
        raw = torch.stack([raws[index] for index in kept]).double() if kept else torch.zeros(0, self._width)
        scale, shift, residual = _affine(raw, rows[kept].double()) if kept else (1.0, 0.0, 1.0)
        origin = trace.Origin(
            at_step=self._recorder.steps,
            line=line or self._recorder.line(4),
            rows=counts,
            scale=scale,
            shift=shift,
            residual=residual,
        )
        metadata: Any = output.grad_fn.metadata if output.grad_fn is not None else {}
        self._waiting.append((metadata.get(MARK), origin))
        outputs = output.detach().double().cpu()
        if len(kept) == len(names) and outputs.shape[:1] == batch.shape[:1]:
            state = arrange(list(module.parameters()), self._shapes)
            half = output.dtype in (torch.bfloat16, torch.float16)
            given = (scale, shift) if half else None
            self.fits[info.number] = fit(raw, outputs[take], state, given) if state else None
        else:
            self.fits[info.number] = None

    def _differentiated(self, root: torch.Tensor | None) -> None:
        """A backward: an origin counts only when the forward it is of is part of what is differentiated."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        below = marks_below(root)
        for mark, origin in waiting:
            if mark in below:
                self._recorder.feed.used.add(partial(self._recorder.write, origin))

    def _match(self, rows: torch.Tensor) -> tuple[list[str], list[torch.Tensor]]:
        """For each row the best source's name (or "unknown") and its raw row, in [0, 1]."""
        wanted = _normalised(rows)
        best = torch.zeros(len(rows))
        names = ["unknown"] * len(rows)
        raws = [torch.zeros(self._width)] * len(rows)
        for name, source in self._sources.items():
            for start in range(0, len(source), CHUNK):
                chunk = _unit(source[start : start + CHUNK])
                found, where = (_normalised(chunk) @ wanted.T).abs().max(dim=0)
                for index in range(len(rows)):
                    if found[index] > max(MATCH, float(best[index])):
                        best[index] = found[index]
                        names[index], raws[index] = name, chunk[where[index]]
        return names, raws


def _unit(rows: torch.Tensor) -> torch.Tensor:
    """Raw rows as floats; bytes are divided by 255."""
    return rows.float() / 255 if rows.dtype is torch.uint8 else rows.float()


def _normalised(rows: torch.Tensor) -> torch.Tensor:
    centred = rows - rows.mean(dim=1, keepdim=True)
    unit: torch.Tensor = centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return unit


def _affine(raw: torch.Tensor, rows: torch.Tensor) -> tuple[float, float, float]:
    """Scale and shift with rows ≈ scale * raw + shift, and the relative residual."""
    design = torch.stack([raw.reshape(-1), torch.ones(raw.numel(), dtype=torch.float64)], dim=1)
    return _solve(design, rows.reshape(-1))


def _solve(design: torch.Tensor, wanted: torch.Tensor) -> tuple[float, float, float]:
    solution = torch.linalg.lstsq(design, wanted.unsqueeze(1), driver="gelsd").solution.squeeze(1)
    return float(solution[0]), float(solution[1]), _error(design, solution, wanted)


def _error(design: torch.Tensor, solution: torch.Tensor, wanted: torch.Tensor) -> float:
    """The largest deviation, relative to the spread of what is wanted."""
    spread = (wanted - wanted.mean()).abs().max().clamp_min(1e-12)
    return float((design @ solution - wanted).abs().max() / spread)


def arrange(tensors: list[torch.Tensor], shapes: list[list[int]]) -> list[torch.Tensor]:
    """`tensors` in the order of `shapes`, each used once; [] when they do not match one to one."""
    left = list(tensors)
    arranged = []
    for shape in shapes:
        match = next((index for index, tensor in enumerate(left) if list(tensor.shape) == shape), None)
        if match is None:
            return []
        arranged.append(left.pop(match))
    return [] if left else arranged


def fit(
    raw: torch.Tensor,
    outputs: torch.Tensor,
    state: list[torch.Tensor],
    given: tuple[float, float] | None = None,
) -> Fit | None:
    """The affine map before a linear layer, `state` = (weight, bias), from raw rows and outputs.

    Half-precision outputs are too coarse to fit; there `given`, the scale and shift of the module's input,
    is taken if the outputs agree with it as far as they can.  None when `state` is no such layer.
    """
    if len(state) != 2 or state[0].dim() != 2 or outputs.dim() != 2:
        return None
    weight, bias = (tensor.detach().double().cpu() for tensor in state)
    if outputs.shape[1] != weight.shape[0]:
        return None
    form = "logits" if given is not None else _form(outputs)
    wanted = (outputs.log() if form == "softmax" else outputs) - bias
    slopes, shifts = raw @ weight.T, weight.sum(dim=1).expand(len(raw), -1)
    if form != "logits":  # softmax forgets a constant in each row
        wanted, slopes, shifts = (part - part.mean(dim=1, keepdim=True) for part in (wanted, slopes, shifts))
    design = torch.stack([slopes.reshape(-1), shifts.reshape(-1)], dim=1)
    if not bool(torch.isfinite(wanted).all()) or not bool(torch.isfinite(design).all()):
        return None
    if given is None:
        return Fit(*_solve(design, wanted.reshape(-1)), form)
    error = _error(design, torch.tensor(given, dtype=torch.float64), wanted.reshape(-1))
    return Fit(*given, 0.0 if error < HALF_ERROR else error, form)


def _form(outputs: torch.Tensor) -> str:
    """Whether outputs are logits, log-probabilities or probabilities."""
    sums = outputs.sum(dim=1)
    if bool((outputs >= 0).all()) and bool(((sums - 1).abs() < 1e-4).all()):
        return "softmax"
    if bool((outputs.logsumexp(dim=1).abs() < 1e-4).all()):
        return "log_softmax"
    return "logits"
