"""What the training steps were fed: rows counted once per batch, fingerprints where no loader drew them.

A batch that a loader has just drawn is new by that.  Any other input is told by its content, so that a
loop which slices tensors by hand, or trains on one stored batch for ever, is seen for what it is.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from sandbox import trace
from sandbox.spies.graphs import Mark, marks_below

if TYPE_CHECKING:
    from sandbox.spies.modes import Use

KEPT = 4096  # fingerprints
RECENT = 16  # draws whose loader is remembered after their use
MAX_DRAWS = 512  # batches drawn, or forwards made, before one backward


def fingerprint(batch: torch.Tensor) -> int:
    """A number for the content of a batch: two sums over it, one over all and one over every seventh."""
    flat = batch.detach().reshape(-1)
    if not flat.is_floating_point():
        flat = flat.double()
    return hash((float(flat.sum()), float(flat[::7].sum()), tuple(batch.shape)))


@dataclass(slots=True, eq=False)
class _Waiting:
    """A backward that waits for its step: at which draw it was, whether its gradients were cleared, what counts it.

    `count` counts its batch, `kind` its forward.
    """

    draws: int
    count: Callable[[], None]
    kind: Callable[[], None] | None = None
    cleared: bool = False

    def used(self) -> None:
        """A step has used it."""
        self.count()
        if self.kind is not None:
            self.kind()


class Used:
    """Tells which of the things a backward was made from a step then used.

    A thing counts when a step follows.  A zero_grad in between drops what belongs to batches before the
    last draw: an adversarial evaluation differentiates test data and throws the gradients away.  What belongs to
    the last draw is dropped only once another backward follows: without one, the clearing came too late, and the
    batch was meant to be trained on.  If that backward is of the same draw, the batch was, but by another forward.
    In loops without any optimizer (updates by hand) there is no step to see, and every backward counts.
    """

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._early: list[Callable[[], None]] = []  # all of them, until the first step is seen
        self._elsewhere: list[Callable[[], None]] = []  # used by steps of other modules
        self._counted = 0
        self._draws = 0
        self._steps = False

    def add(self, count: Callable[[], None], kind: Callable[[], None] | None = None) -> None:
        """A backward; `count` (and `kind`, for its forward) is called once a step has used it."""
        if self._waiting and self._waiting[0].cleared:
            self._replaced()
        item = _Waiting(self._draws, count, kind)
        self._waiting.append(item)
        if len(self._waiting) > KEPT:
            del self._waiting[:-KEPT]
        if not self._steps:
            self._early.append(item.used)

    def _replaced(self) -> None:
        """A backward follows some whose gradients were cleared."""
        self._waiting = [item for item in self._waiting if not item.cleared or item.draws == self._draws]
        for item in self._waiting:
            if item.cleared:
                item.kind, item.cleared = None, False

    def drawn(self) -> None:
        """A loader has yielded a batch."""
        self._draws += 1

    def cleared(self) -> None:
        """A zero_grad."""
        if self._waiting:
            self._waiting = [item for item in self._waiting if item.draws == self._draws]
            for item in self._waiting:
                item.cleared = True

    def stepped(self, *, count: bool) -> None:
        """An optimizer's step; one that does not touch the graded module does not `count`."""
        self._steps = True
        if self._early:
            self._early = []
        waiting, self._waiting = self._waiting, []
        if not count:
            self._elsewhere += [item.used for item in waiting][: KEPT - len(self._elsewhere)]
            return
        self._counted += len(waiting)
        for item in waiting:
            item.used()

    @property
    def waiting(self) -> bool:
        """Whether a backward waits for its step."""
        return bool(self._waiting)

    def again(self, times: int) -> None:
        """So many things were drawn and used by a step."""
        self._draws += times
        self._counted += times

    def close(self) -> None:
        """The run is over: without any step, every backward was an update by hand."""
        if len(self._elsewhere) > self._counted:  # a stand-in for the graded module did the training
            self._early += self._elsewhere
        early, self._early, self._elsewhere = self._early, [], []
        for count in early:
            count()


@dataclass(slots=True, eq=False)
class Draw:
    """A batch that a loader has yielded: where its first tensor lies, and what to call once it was used.

    `lost` takes the loss that was computed from it and sent backward; once `batch` is gone, something else
    may lie there.
    """

    pointer: int
    rows: int
    used: Callable[[], None]
    loader: int = -1
    lost: Callable[[float], None] | None = None
    batch: weakref.ref[torch.Tensor] | None = None
    evaluated: bool = False

    def lies_at(self, pointer: int) -> bool:
        """Whether it is what lies at an address now."""
        return self.pointer == pointer and (self.batch is None or self.batch() is not None)


@dataclass(slots=True, eq=False)
class Fed:
    """What forwards were fed: an input's rows (0 for a batch counted already), its draws, and where it lies."""

    rows: int
    draws: list[Draw]
    pointer: int = 0


@dataclass(slots=True, eq=False)
class Forward:
    """A training forward: its input, which it may share with others, and its graph's mark."""

    fed: Fed
    mark: weakref.ref[Mark] | None = None
    use: Use | None = None


class FeedLog:
    """Follows draws, forwards, backwards and steps."""

    def __init__(self) -> None:
        self.used = Used()
        self.trained_rows = 0
        self._draws: list[Draw] = []  # not yet used by a forward
        self._recent: deque[Draw] = deque(maxlen=RECENT)
        self._forwards: list[Forward] = []  # since the last backward
        self._step_inputs: set[int] = set()
        self._drawn_input: weakref.ref[torch.Tensor] | None = (
            None  # this step's input, where a loader drew it
        )
        self._first: int | None = None  # fingerprint of this step's first input, where no loader drew it
        self._step_rows = 0
        self._line = 0
        self.fresh_steps = 0
        self._stepped_fresh = False
        self._seen: deque[int] = deque(maxlen=KEPT)

    @property
    def from_loader(self) -> bool:
        """Whether this step's batch was drawn by a loader."""
        return self._stepped_fresh

    def drawn(self, draw: Draw) -> None:
        """A loader has yielded a batch."""
        self.used.drawn()
        if self._draws:
            kept = [item for item in self._draws if not item.evaluated and item.pointer != draw.pointer]
            self._draws = [*kept[-MAX_DRAWS:], draw]
        else:
            self._draws = [draw]
        self._recent.append(draw)

    def loader_of(self, batch: torch.Tensor | None) -> int:
        """The loader that drew a batch: the one whose batch lies there, else of the draw that waits; -1: none."""
        pointer = batch.data_ptr() if batch is not None else 0
        for draw in reversed(self._recent):
            if pointer and draw.lies_at(pointer):
                return draw.loader
        for draw in reversed(self._draws):
            if not draw.evaluated:
                return draw.loader
        return -1

    def evaluated(self, batch: torch.Tensor | None) -> None:
        """A forward or loss without gradients: the batch at hand was evaluated."""
        if not self._draws:
            return
        pointer = batch.data_ptr() if batch is not None else 0
        own = [draw for draw in self._draws if draw.pointer == pointer]
        (own or self._draws)[-1].evaluated = True

    def forward(self, batch: torch.Tensor | None, line: int, use: Use | None = None) -> None:
        """A training forward on `batch` (None: no tensor among its arguments); `use` counts its kind."""
        if batch is None or batch.dim() == 0:
            return
        rows, pointer = batch.shape[0], batch.data_ptr()
        draws = self._draws
        if len(draws) == 1 and draws[0].pointer == pointer:
            self._draws = []
        elif draws:
            draws = [] if self._is_again(pointer) else self._take(pointer)
        if draws:
            self._on_drawn(weakref.ref(batch), Fed(rows, draws, pointer), use)
            return
        if pointer in self._step_inputs and self._stepped_fresh:
            # The same batch again within a step: SAM, a closure, a second loss; a forward whose result is not used.
            before = (item.fed for item in self._forwards if item.fed.pointer == pointer)
            self._add(next(before, None) or Fed(0, [], pointer), use)
            return
        if self._drawn_input is not None and (drawn := self._drawn_input()) is not None:
            self._step_inputs.add(fingerprint(drawn))  # a copy of it is no new batch
        key = fingerprint(batch)
        if self._first is None:
            self._first, self._line = key, line or self._line
            self._step_rows = max(self._step_rows, rows)
        new = key not in self._step_inputs
        if len(self._step_inputs) >= KEPT:
            self._step_inputs.clear()
        self._step_inputs.add(key)
        self._add(Fed(rows if new else 0, []), use)

    def forward_on(self, pointer: int, batch: weakref.ref[torch.Tensor], rows: int, use: Use) -> None:
        """The same where it is known that it was on the batch that was drawn last."""
        draws, self._draws = self._draws, []
        self._on_drawn(batch, Fed(rows, draws, pointer), use)

    def _on_drawn(self, batch: weakref.ref[torch.Tensor], fed: Fed, use: Use | None) -> None:
        self._stepped_fresh = True
        self._step_inputs.add(fed.pointer)
        self._drawn_input = batch
        self._add(fed, use)

    def _is_again(self, pointer: int) -> bool:
        """Whether this is the last forward's batch once more, and what was drawn since lies elsewhere."""
        last = self._drawn_input() if self._drawn_input is not None else None
        again = last is not None and last.data_ptr() == pointer and pointer in self._step_inputs
        return again and all(draw.pointer != pointer for draw in self._draws)

    def _take(self, pointer: int) -> list[Draw]:
        """The draws a forward uses: the one that lies there, else all that nothing has used yet."""
        own = [draw for draw in self._draws if draw.pointer == pointer]
        taken = own or [draw for draw in self._draws if not draw.evaluated]
        self._draws = [draw for draw in self._draws if draw not in taken]
        return taken

    def _add(self, fed: Fed, use: Use | None) -> None:
        forward = Forward(fed, None, use)
        self._forwards = [*self._forwards[-MAX_DRAWS:], forward] if self._forwards else [forward]

    def forward_made(self, mark: weakref.ref[Mark] | None) -> None:
        """The last forward's output is there, with its graph's mark."""
        if self._forwards:
            self._forwards[-1].mark = mark

    def backward(self, root: torch.Tensor | None, value: float | None = None) -> None:
        """A backward of a loss of this value: the forwards in its graph have been trained on, once a step uses it."""
        forwards = self._forwards
        if len(forwards) != 1 or (forwards[0].mark is not None and forwards[0].mark() is None):
            forwards = [item for item in forwards if item.mark is None or item.mark() is not None]
        if len(forwards) > 1:  # others were evaluations, unless the graph holds them too
            below = marks_below(root)
            forwards = [item for item in forwards if item.mark is not None and item.mark() in below]
        if not self._forwards and self._draws:  # `model.forward(x)` shows no module call
            draw = self._draws.pop()
            self._draws.clear()
            forwards = [Forward(Fed(draw.rows, [draw]))]
        self._forwards = []
        counted: set[int] = set()
        for item in forwards:
            fed = item.fed if id(item.fed) not in counted else Fed(0, [])
            counted.add(id(item.fed))
            self.used.add(partial(self._trained, fed), None if item.use is None else item.use.used)
            for draw in fed.draws:
                if value is not None and draw.lost is not None:
                    draw.lost(value)

    def _trained(self, fed: Fed) -> None:
        self.trained_rows += fed.rows
        for draw in fed.draws:
            draw.used()

    @property
    def idle(self) -> bool:
        """Whether nothing that was drawn or made waits for its use."""
        return not (self._draws or self._forwards or self.used.waiting or self._first is not None)

    def again(self, steps: int, *, batches: int, rows: int, last: Draw) -> None:
        """So many steps more, each on so many batches just drawn, with so many rows; the last of them."""
        self.fresh_steps += steps
        self.trained_rows += steps * rows
        self.used.again(steps * batches)
        self._recent.append(last)

    def step_ended(self) -> None:
        """A step: the next input of the same content is a repetition."""
        if self._first is not None and not self._stepped_fresh:
            self._seen.append(self._first)
        elif self._stepped_fresh:
            self.fresh_steps += 1
        self._first, self._stepped_fresh, self._drawn_input = None, False, None
        self._step_inputs.clear()

    def record(self) -> trace.Feed | None:
        """The steps that no loader fed; None when there were none."""
        if not self._seen:
            return None
        seen = list(self._seen)
        return trace.Feed(
            steps=len(seen),
            distinct=len(set(seen)),
            period=period(seen),
            rows=self._step_rows,
            fresh=self.fresh_steps,
            line=self._line,
        )


def period(values: list[int]) -> int:
    """The smallest P with values[i] == values[i + P] throughout, seen at least twice; else 0."""
    for size in range(1, len(values) // 2 + 1):
        if values[size] == values[0] and values[size:] == values[:-size]:
            return size
    return 0
