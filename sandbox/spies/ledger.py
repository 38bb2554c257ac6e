"""The gradient ledger: what every backward added and every step consumed, at sampled coordinates.

Reading gradients costs tens of microseconds a step, so it happens in windows: the first steps, the
ends of the first epochs, whenever the order of beats changes, and stretches that grow rarer.  In
between nothing is read.  A window fixes its coordinates at its first backward: of each parameter the
largest gradients then (so that some are never zero) and a few at random.

`grader.checks.ledger` turns the rows into "which backward fed which step, how often, with what weight".
"""

from __future__ import annotations

import binascii
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sandbox import trace
from sandbox.spies.graphs import STRIDED, Mark, mark_graph

if TYPE_CHECKING:
    from sandbox.spies.recorder import Recorder

FIRST_WINDOW = 16  # steps
WINDOW = 5
NEWS = 8  # of a window opened because the order of beats changed
LOOKS = 2  # steps of a window, if nothing new has opened it, in which operands of losses are looked at
EPOCH_ENDS = (1, 2, 4, 16, 64)
MAX_CHANGES = 12  # windows opened because the order of beats changed
MAX_WINDOWS = 40
MAX_ROWS = 192  # of one window
MAX_TENSORS = 48
VALUE, GRADIENT = 0, 1  # what is read of a parameter
VIEWED = (torch.float32, torch.float64)
_NONE = np.zeros(0, np.float32)
LARGEST, RANDOM = 5, 3  # coordinates of each parameter


class Ledger:
    """Opens and closes windows; reads `.grad` and values at the sampled coordinates while one is open."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.open = True
        self.window = 0
        self._until = FIRST_WINDOW
        self._boundaries = 0
        self._next = FIRST_WINDOW + 8
        self._rows = 0
        self._layout: list[_Sampled] | None = None
        self._vector = np.zeros(0, np.float32)  # what is read is gathered here
        self._zeros = ""  # a vector of zeros, packed
        self._tracked: dict[int, None] = {}
        self.reached: set[int] = set()  # parameters that had a gradient at some reading
        self._changes = self._epochs = 0
        self.looks = FIRST_WINDOW  # boundaries in which operands of losses are still looked at
        self._marks: list[Any] = []
        self._attached = 0
        self._candidate: tuple[Any, int] | None = None
        self._most = (0, 0, 0)  # alive together: at which step, line, and how many

    # ── windows ──────────────────────────────────────────────────────────────────────────────────

    def boundary(self, new_pattern: bool) -> None:
        """A pattern of beats is complete: close the window when it is over, or open the next."""
        self._boundaries += 1
        if self.open:
            self.looks -= 1
            if self._boundaries >= self._until:
                self.close()
        elif self._boundaries >= self._next:
            self._start(WINDOW)
            self._next = int(self._boundaries * (2 + self._recorder.random.random() / 2)) + WINDOW
        elif new_pattern and self._changes < MAX_CHANGES:
            self._changes += 1
            self._start(NEWS, NEWS)

    @property
    def quiet(self) -> int:
        """How many boundaries cannot open a window, unless something new happens."""
        return self._next - self._boundaries - 1

    def passed(self, boundaries: int) -> None:
        """So many boundaries came that could not open one."""
        self._boundaries += boundaries

    def epoch_ends_soon(self) -> None:
        """A loader is about to run out: the steps around an epoch's end are worth watching."""
        self._epochs += 1
        if not self.open and self._epochs in EPOCH_ENDS:
            self._start(WINDOW)

    @property
    def fresh(self) -> bool:
        """Whether the window under way is so new that operands of losses are looked at in it."""
        return self.open and self.looks > 0

    def _start(self, length: int, looks: int = LOOKS) -> None:
        if self.window + 1 >= MAX_WINDOWS:
            return
        self.window += 1
        self._recorder.quick = False
        self.looks = looks
        self.open, self._until, self._rows, self._layout = True, self._boundaries + length, 0, None
        self._marks, self._attached, self._most, self._candidate = [], 0, (0, 0, 0), None

    def close(self) -> None:
        """End the window with a last look at the values."""
        if not self.open:
            return
        if self._layout is not None:
            self.row("V", 0, params=self.values())
        self._shut()
        self._layout, self._marks = None, []

    def _shut(self) -> None:
        """No more rows of this window: say how long its graphs lived."""
        if self.open and self._attached:
            step, line, alive = self._most
            self._recorder.write(trace.Live(step=step, line=line, attached=self._attached, alive=alive))
        self.open = False

    def row(self, beat: str, line: int, **values: Any) -> None:
        """Write one row of the open window; without a layout there is nothing yet to speak about."""
        recorder = self._recorder
        if not self.open or recorder.elsewhere:
            return
        self._rows += 1
        if self._rows > MAX_ROWS:
            self._shut()
            return
        recorder.writer.write_row(self.window, beat, recorder.steps, line, **values)

    # ── coordinates ──────────────────────────────────────────────────────────────────────────────

    def track(self, numbers: Iterable[int]) -> None:
        """From now on watch these parameters too; a window under way takes them in at its next backward."""
        before = len(self._tracked)
        for number in numbers:
            if len(self._tracked) < MAX_TENSORS:
                self._tracked.setdefault(number)
        if len(self._tracked) != before:
            self._layout = None

    def unreached(self, numbers: Iterable[int]) -> list[int]:
        """Those of these parameters that are watched and never had a gradient when one was read."""
        return [number for number in numbers if number in self._tracked and number not in self.reached]

    @property
    def ready(self) -> bool:
        """Whether the window's coordinates are fixed."""
        return self._layout is not None

    def settle(self, given: dict[int, torch.Tensor] | None = None) -> None:
        """Fix the window's coordinates from the gradients there are now (or `given`); needs at least one."""
        tensors = self._recorder.registry.tensors
        found = [(number, tensor) for number in self._tracked if (tensor := tensors[number]()) is not None]
        found = [
            (number, tensor) for number, tensor in found if tensor.numel() and tensor.is_floating_point()
        ]
        if not found or (not given and all(tensor.grad is None for _, tensor in found)):
            return
        layout, described = [], []
        for number, tensor in found:
            places = self._coordinates(tensor, tensor.grad if given is None else given.get(number))
            layout.append(_Sampled(number, tensors[number], places))
            described.append([number, places])
        self._layout = layout
        wide = any((t := it.ref()) is not None and t.dtype is torch.float64 for it in layout)
        self._gather_in(np.float64 if wide else np.float32)
        self._recorder.write(
            trace.Layout(window=self.window, step=self._recorder.steps, coordinates=described)
        )

    def _coordinates(self, tensor: torch.Tensor, grad: torch.Tensor | None) -> list[int]:
        size = tensor.numel()
        if size <= LARGEST + RANDOM:
            return list(range(size))
        chosen = {self._recorder.random.randrange(size) for _ in range(RANDOM)}
        if grad is not None and not grad.is_sparse:
            flat = torch.nan_to_num(grad.detach().reshape(-1).abs().float())
            chosen.update(int(i) for i in torch.topk(flat, LARGEST).indices.tolist())
        return sorted(chosen)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def gradients(self, given: dict[int, torch.Tensor] | None = None) -> str | None:
        """`.grad` at the window's coordinates as a packed vector, None (no gradient) counting as zero.

        `given` replaces `.grad` by tensors that autograd.grad returned, by parameter number.
        """
        if self._layout is None:
            return None
        found = []
        for sampled in self._layout:
            tensor = sampled.ref()
            grad = None if tensor is None else (tensor.grad if given is None else given.get(sampled.number))
            if grad is not None:
                self.reached.add(sampled.number)
            found.append(grad)
        if all(grad is None for grad in found):
            return self._zeros
        return self._read(found, GRADIENT) if given is None else self._pack(found)

    def values(self) -> str | None:
        """Parameter values at the window's coordinates as a packed vector."""
        if self._layout is None:
            return None
        return self._read([sampled.ref() for sampled in self._layout], VALUE)

    def release(self) -> None:
        """Gradients are about to be cleared, or were used: keep none of them alive."""
        for sampled in self._layout or ():
            sampled.pointers[GRADIENT], sampled.elements[GRADIENT] = -1, _NONE

    def _read(self, tensors: list[torch.Tensor | None], what: int) -> str:
        """The chosen elements of one tensor for each entry of the layout, through views where there can be some."""
        assert self._layout is not None
        for sampled, tensor in zip(self._layout, tensors, strict=True):
            if tensor is None:
                sampled.into.fill(0)
                continue
            if tensor.layout is not STRIDED or (
                tensor.data_ptr() != sampled.pointers[what] and not sampled.look_at(tensor, what)
            ):
                return self._pack(tensors)
            sampled.elements[what].take(sampled.places, out=sampled.into, mode="clip")
        return _packed(self._vector)

    def _pack(self, tensors: list[torch.Tensor | None]) -> str:
        """The chosen elements of one tensor for each entry of the layout (zeros where there is none)."""
        assert self._layout is not None
        for sampled, tensor in zip(self._layout, tensors, strict=True):
            if tensor is None:
                sampled.into.fill(0)
                continue
            elements = _elements(tensor)
            if elements.dtype != sampled.into.dtype:
                if elements.dtype == np.float64:  # a model made double while the window was open
                    self._gather_in(np.float64)
                    return self._pack(tensors)
                elements = elements.astype(sampled.into.dtype)
            if elements.size <= sampled.last:
                raise IndexError("a parameter has shrunk")
            elements.take(sampled.places, out=sampled.into, mode="clip")
        return _packed(self._vector)

    def _gather_in(self, dtype: type[np.floating[Any]]) -> None:
        """Make the vector that readings are gathered in, and point every entry of the layout at its part."""
        layout = self._layout or []
        self._vector = np.zeros(sum(len(sampled.places) for sampled in layout), dtype)
        self._zeros = _packed(self._vector)
        start = 0
        for sampled in layout:
            end = start + len(sampled.places)
            sampled.into, start = self._vector[start:end], end

    # ── graphs ───────────────────────────────────────────────────────────────────────────────────

    def forward_made(self, mark: weakref.ref[Mark] | None, line: int) -> None:
        """A forward made a graph; it counts once a backward follows."""
        self._candidate = None if mark is None else (mark, line)

    def commit_graph(self, root: torch.Tensor | None, line: int) -> None:
        """A backward from `root`: take the last forward's mark in, and see how many are still alive."""
        if not self.open:
            return
        if self._candidate is None and root is not None:
            self.forward_made(mark_graph(root), line)
        if self._candidate is None:
            return
        (mark, marked_at), self._candidate = self._candidate, None
        self._marks = [known for known in self._marks if known() is not None]
        self._marks.append(mark)
        self._attached += 1
        if len(self._marks) > self._most[2]:
            self._most = (self._recorder.steps, marked_at or self._most[1], len(self._marks))


class _Sampled:
    """A parameter's place in the layout: its coordinates, and the part of the vector they are read into.

    `elements` are views of its values and of its gradient, good as long as these lie at `pointers`.
    """

    __slots__ = ("elements", "into", "last", "number", "places", "pointers", "ref")

    def __init__(self, number: int, ref: weakref.ref[torch.Tensor], places: list[int]) -> None:
        self.number, self.ref = number, ref
        self.places = np.array(places)
        self.last = places[-1]
        self.into = _NONE
        self.pointers, self.elements = [-1, -1], [_NONE, _NONE]

    def look_at(self, tensor: torch.Tensor, what: int) -> bool:
        """Make a view of the values or the gradient; False where there can be none of the wanted type."""
        if tensor.device.type != "cpu" or tensor.dtype not in VIEWED or not tensor.is_contiguous():
            return False
        elements = tensor.detach().numpy().reshape(-1)
        if elements.dtype != self.into.dtype or elements.size <= self.last:
            return False
        self.pointers[what], self.elements[what] = tensor.data_ptr(), elements
        return True


def _elements(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """All elements of a tensor in a row, without a copy where they lie so already, in 32 or 64 bits."""
    tensor = tensor.detach()
    try:
        found = tensor.numpy()  # the plain case: on the CPU, dense, of a type that NumPy knows
    except (TypeError, RuntimeError):
        if tensor.is_sparse:
            tensor = tensor.to_dense()
        tensor = tensor.cpu().resolve_conj().resolve_neg()
        found = (tensor if tensor.dtype is torch.float64 else tensor.float()).numpy()
    if found.dtype.char not in "fd":
        found = found.astype(np.float32)
    return found.reshape(-1)


def _packed(vector: np.ndarray[Any, Any]) -> str:
    """See trace.pack_vector."""
    code: str = vector.dtype.char
    return code + binascii.b2a_base64(vector.tobytes(), newline=False).decode("ascii")
