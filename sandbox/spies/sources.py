"""Where a training batch came from, and how its rows were turned into what the module saw.

An affine map (ToTensor, Normalize, flattening) leaves the correlation of a row with its raw image at
one, so a handful of rows is matched by content against every known raw row.  That tells training data
from held-out data however they were wrapped, and which raw rows the module's outputs belong to.
While the loop runs the rows are only taken down; they are matched when it is over.

From those outputs the map the module really computes is fitted: with W and c its parameters,
`output = W (scale * raw + shift) + c` is linear in scale and shift.  Outputs that went through a
log-softmax or a softmax are compared after removing what softmax forgets, a constant in each row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from sandbox import trace
from sandbox.inputs import Inputs
from sandbox.spies.graphs import MARK, Mark, marks_below
from sandbox.spies.recorder import Recorder
from sandbox.spies.registry import ModuleInfo

ROWS = 12  # of a batch that are looked at …
FIRST_LOOKS, FEWER_ROWS = 4, 4  # … and from then on
RARER = 4  # then so many times as many forwards go by before the next look, unless a pass begins
CHUNK = 4096
MATCH = 0.9995  # correlation from which a row is the raw row
SKETCH = 16  # numbers that stand for a row while most of the sources are ruled out
MIN_WIDTH = 16  # narrower rows say too little
MAX_LOOKS = 48
HALF_ERROR = 0.05  # relative, of outputs in 16 bits

Rows = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Fit:
    """A fitted map from raw rows to a module's outputs; `residual` is relative to the outputs' spread."""

    scale: float
    shift: float
    residual: float
    form: str


class _Source:
    """One source's raw rows, with a sketch of each.

    A sketch is the projection of the row, centred and of length one, on a few fixed orthonormal directions.
    Two rows are never closer than their sketches, so sketches that lie apart rule a match out, and only the
    few rows that are left are compared whole.
    """

    def __init__(self, rows: Rows, directions: Rows) -> None:
        self._rows = np.array(rows)
        chunks = [_normalised(_unit(rows[at : at + CHUNK])) @ directions for at in range(0, len(rows), CHUNK)]
        sketches = np.concatenate(chunks) if chunks else np.zeros((0, directions.shape[1]), np.float32)
        self._sketches = np.ascontiguousarray(sketches.T)
        self._half_squares = (sketches * sketches).sum(axis=1) / 2

    def first(self, count: int) -> Rows:
        """Its first rows, in [0, 1]."""
        return _unit(self._rows[:count])

    def candidates(self, sketches: Rows) -> Iterator[Rows]:
        """The raw rows, in [0, 1] and in chunks, that may be MATCH or more like one of the rows sketched."""
        near = np.abs(sketches @ self._sketches)
        near -= self._half_squares
        least = (sketches * sketches).sum(axis=1) / 2 - (1 - MATCH) - 1e-4
        where = np.flatnonzero((near >= least[:, None]).any(axis=0))
        for at in range(0, len(where), CHUNK):
            yield _unit(self._rows[where[at : at + CHUNK]])


@dataclass(frozen=True, eq=False)
class _Taken:
    """What was taken down of one forward: rows of its input, the outputs for them, and the two parameters then.

    `size` is the largest batch of that module so far, `shape` and `dtype` are those of one input; `row_by_row` says
    whether there was an output for each.
    """

    at_step: int
    line: int
    size: int
    shape: tuple[int, ...]
    dtype: torch.dtype
    row_by_row: bool
    rows: torch.Tensor
    outputs: torch.Tensor | None
    state: list[torch.Tensor]


@dataclass(frozen=True)
class _Matched:
    """Where these rows came from, and how those that came from somewhere were made of their raw rows."""

    counts: dict[str, int]
    raw: Rows
    scale: float
    shift: float
    residual: float


class SourceSpy:
    """A forward watcher: looks at the first training forwards, and then ever more rarely."""

    def __init__(
        self, recorder: Recorder, sources: dict[str, np.ndarray[Any, Any]], shapes: list[list[int]]
    ) -> None:
        self._recorder = recorder
        widths = {rows.shape[1] for rows in sources.values() if rows.ndim == 2}
        self._width = width = widths.pop() if len(widths) == 1 else 0
        self._sources: dict[str, _Source] = {}
        if width >= MIN_WIDTH:
            drawn = np.random.default_rng(0).standard_normal((width, SKETCH))
            self._directions = np.linalg.qr(drawn)[0].astype(np.float32)
            self._sources = {name: _Source(rows, self._directions) for name, rows in sources.items()}
        self._shapes = shapes
        self._forwards = self._looks = 0
        self._next = 1
        self._pass = 0
        self._indices: dict[tuple[int, int], torch.Tensor] = {}
        self._waiting: list[tuple[Mark | None, _Taken]] = []
        self._counted: list[_Taken] = []  # whose forward was trained on
        self._last: dict[int, _Taken | None] = {}  # by module
        recorder.on_backward.append(self._differentiated)
        recorder.lookers.append(self)

    def watch(
        self, info: ModuleInfo, module: torch.nn.Module, batch: torch.Tensor | None, output: Any, line: int
    ) -> None:
        """Called after each training forward; mostly returns at once."""
        self._forwards += 1
        if self._looks >= MAX_LOOKS or (self._forwards < self._next and self._recorder.passes == self._pass):
            return
        self._pass = self._recorder.passes  # a new pass over a loader may bring other data
        self._next = (2 if self._looks < FIRST_LOOKS else RARER) * self._forwards
        if self._width < MIN_WIDTH or batch is None or batch.dim() < 2:
            return
        self._looks += 1
        self._take(info, module, batch, output, line)

    def patience(self) -> int:
        """See recorder.Looker."""
        return 1 << 30 if self._looks >= MAX_LOOKS else self._next - self._forwards - 1

    def skipped(self, forwards: int) -> None:
        """See recorder.Looker."""
        self._forwards += forwards

    def _take(
        self, info: ModuleInfo, module: torch.nn.Module, batch: torch.Tensor, output: torch.Tensor, line: int
    ) -> None:
        if batch.numel() != batch.shape[0] * self._width:
            self._last[info.number] = None
            return
        size = len(batch)
        many = min(ROWS if self._looks <= FIRST_LOOKS else FEWER_ROWS, size)
        if (size, many) not in self._indices:
            self._indices[size, many] = torch.linspace(0, size - 1, many).long()
        where = self._indices[size, many].to(batch.device)
        row_by_row = output.shape[:1] == batch.shape[:1]
        state = arrange(list(module.parameters()), self._shapes) if row_by_row else []
        before = self._last.get(info.number)
        fits = len(state) == 2
        taken = _Taken(
            at_step=self._recorder.steps,
            line=line or self._recorder.line(4),
            size=max(size, before.size if before is not None else 0),
            shape=tuple(batch.shape[1:]),
            dtype=batch.dtype,
            row_by_row=row_by_row,
            rows=batch.detach().reshape(size, -1).index_select(0, where),
            outputs=output.detach().index_select(0, where) if fits else None,
            state=[tensor.detach().clone() for tensor in state] if fits else [],
        )
        metadata: Any = output.grad_fn.metadata if output.grad_fn is not None else {}
        self._waiting.append((metadata.get(MARK), taken))
        self._last[info.number] = taken

    def _differentiated(self, root: torch.Tensor | None) -> None:
        """A backward: what was taken down counts only when its forward is part of what is differentiated."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        below = marks_below(root)
        for mark, taken in waiting:
            if mark in below:
                self._recorder.feed.used.add(partial(self._counted.append, taken))

    # ── when the run is over ─────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Write where the batches came from that were trained on."""
        for taken in self._counted:
            matched = self._matched(taken)
            origin = trace.Origin(
                at_step=taken.at_step,
                line=taken.line,
                rows=matched.counts,
                scale=matched.scale,
                shift=matched.shift,
                residual=matched.residual,
            )
            self._recorder.write(origin, closing=True)
        self._counted = []

    def fit_of(self, info: ModuleInfo) -> Fit | None:
        """The map fitted to a module's last outputs that were looked at; None when there is none."""
        taken = self._last.get(info.number)
        if taken is None or taken.outputs is None:
            return None
        matched = self._matched(taken)
        if "unknown" in matched.counts:
            return None
        half = taken.outputs.dtype in (torch.bfloat16, torch.float16)
        given = (matched.scale, matched.shift) if half else None
        raw = torch.from_numpy(matched.raw).double()
        return fit(raw, taken.outputs.double().cpu(), taken.state, given)

    def inputs_of(self, info: ModuleInfo) -> Inputs | None:
        """How a module's last input that was looked at is made of raw rows; None where that is not known."""
        taken = self._last.get(info.number)
        if taken is None or not taken.row_by_row:
            return None
        matched = self._matched(taken)
        if "unknown" in matched.counts:
            return None
        return Inputs(taken.size, taken.shape, taken.dtype, matched.scale, matched.shift, matched.residual)

    def some_rows(self, count: int) -> Rows:
        """So many raw rows of the first source, in [0, 1], (count, width) as float32."""
        rows = next(iter(self._sources.values())).first(count)
        return np.resize(rows, (count, self._width))

    @np.errstate(all="ignore")
    def _matched(self, taken: _Taken) -> _Matched:
        rows = taken.rows.float().cpu().numpy()
        names, raws = self._match(rows)
        kept = [index for index, name in enumerate(names) if name != "unknown"]
        raws, rows = raws[kept], rows[kept]
        scale, shift, residual = _affine(raws, rows) if kept else (1.0, 0.0, 1.0)
        return _Matched(dict(Counter(names)), raws, scale, shift, residual)

    def _match(self, rows: Rows) -> tuple[list[str], Rows]:
        """For each row the best source's name (or "unknown") and its raw row, in [0, 1]."""
        wanted = _normalised(rows)
        sketches = wanted @ self._directions
        best = [MATCH] * len(rows)
        names = ["unknown"] * len(rows)
        raws = np.zeros((len(rows), self._width), np.float32)
        for name, source in self._sources.items():
            for chunk in source.candidates(sketches):
                likeness = np.abs(_normalised(chunk) @ wanted.T)
                for index, where in enumerate(likeness.argmax(axis=0).tolist()):
                    if (found := float(likeness[where, index])) > best[index]:
                        best[index], names[index], raws[index] = found, name, chunk[where]
        return names, raws


def _unit(rows: Rows) -> Rows:
    """Raw rows as floats; bytes are divided by 255."""
    floats = rows.astype(np.float32)
    return floats / 255 if rows.dtype == np.uint8 else floats


def _normalised(rows: Rows) -> Rows:
    """Rows centred and of length one."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("ij,ij->i", centred, centred))
    unit: Rows = centred / np.maximum(lengths, 1e-12)[:, None]
    return unit


def _affine(raw: Rows, rows: Rows) -> tuple[float, float, float]:
    """Scale and shift with rows ≈ scale * raw + shift by least squares, and the relative residual."""
    x, y = raw.reshape(-1).astype(np.float64), rows.reshape(-1).astype(np.float64)
    middle, wanted = x.mean(), y.mean()
    centred = x - middle
    square = float(centred @ centred)
    if not square > 0:  # one shade only: any scale would do
        return 0.0, float(wanted), _error(np.full_like(y, wanted), y)
    scale = float(centred @ (y - wanted)) / square
    shift = float(wanted - scale * middle)
    return scale, shift, _error(scale * x + shift, y)


def _error(found: Rows, wanted: Rows) -> float:
    """The largest deviation, relative to the spread of what is wanted."""
    spread = max(float(np.abs(wanted - wanted.mean()).max()), 1e-12)
    return float(np.abs(found - wanted).max()) / spread


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


@np.errstate(all="ignore")
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
    weight, bias = (tensor.detach().double().cpu().numpy() for tensor in state)
    if outputs.shape[1] != weight.shape[0]:
        return None
    seen, rows = outputs.numpy(), raw.numpy()
    form = "logits" if given is not None else _form(seen)
    wanted = (np.log(seen) if form == "softmax" else seen) - bias
    slopes, shifts = rows @ weight.T, np.broadcast_to(weight.sum(axis=1), (len(rows), len(bias)))
    if form != "logits":  # softmax forgets a constant in each row
        wanted, slopes, shifts = (
            part - part.mean(axis=1, keepdims=True) for part in (wanted, slopes, shifts)
        )
    design, target = np.stack([slopes.reshape(-1), shifts.reshape(-1)], axis=1), wanted.reshape(-1)
    if not np.isfinite(target).all() or not np.isfinite(design).all():
        return None
    if given is None:
        scale, shift = np.linalg.lstsq(design, target, rcond=None)[0].tolist()
        return Fit(scale, shift, _error(design @ (scale, shift), target), form)
    error = _error(design @ given, target)
    return Fit(*given, 0.0 if error < HALF_ERROR else error, form)


def _form(outputs: Rows) -> str:
    """Whether outputs are logits, log-probabilities or probabilities."""
    if outputs.min() >= 0 and (np.abs(outputs.sum(axis=1) - 1) < 1e-4).all():
        return "softmax"
    if outputs.max() <= 1e-4 and (np.abs(np.log(np.exp(outputs).sum(axis=1))) < 1e-4).all():
        return "log_softmax"
    return "logits"
