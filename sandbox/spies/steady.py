"""The step that equals the one before: told by a short comparison, counted, and written down later.

Nearly every step of a run repeats the last one, beat for beat: the same loader draws as many rows, the same module
sees them in the same mode, the same optimizer steps.  Once a step was heard twice in full, its beats are what is
expected (`Steady.now`).  A beat that is as expected costs one comparison here; what the spies would have noted of
it is the same as last time, and is added to their counts when the run of equal steps is over.  At the first beat
that differs, `leave` adds them up and tells the beats of the step under way in full, so that whoever looks finds
what he would have found without this file.  `tests/sandbox/spies/test_steady.py` holds the two against each other.

Only plain steps are taken for steady: each backward follows one forward on one batch that a loader drew, and the
step at the end uses them all.  Whatever else happens between two steps is always told in full.
"""

from __future__ import annotations

import functools
import re
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch

from sandbox.spies.feed import Draw
from sandbox.spies.graphs import STRIDED, Mark, first_tensor, functions_running, mark_node
from sandbox.spies.operands import leaves

if TYPE_CHECKING:
    from sandbox.spies.data import PassState
    from sandbox.spies.modes import Use
    from sandbox.spies.recorder import Recorder
    from sandbox.spies.registry import ModuleInfo, OptimizerInfo

PLAIN = re.compile(r"[ZHC]*(D[ZHCL]*F[ZHCL]*B[ZHCL]*)+S")
MOST = 256  # steps that are counted before they are written down
LEAST = 3  # steps for which it is worth while
MAX_BEATS = 64  # of a step
LAST_BATCHES = 3  # of a pass: they are told in full
DIRECT = ["L", 0]  # a backward of the loss that was computed last
item = torch._C.TensorBase.item  # not Tensor.item, which is watched
NOTHING: weakref.ref[torch.Tensor] = weakref.ref(torch.empty(0))  # a reference to no tensor

Rate = Callable[[torch.optim.Optimizer], list[float] | None]
"""Notes the rate of a step; the run of equal rates it belongs to, as the rate and how many they are by now."""


class Beat:
    """A beat as it was heard last.  `of` is whose beat it is: a pass, module, loss, optimizer or scheduler.

    Of a zero_grad it is the optimizer's id, or 0 for a module's, and `direct` whether gradients become None.
    """

    __slots__ = (
        "batch",
        "direct",
        "expression",
        "following",
        "kind",
        "layers",
        "of",
        "pointer",
        "rows",
        "training",
        "use",
    )

    def __init__(self, kind: str, of: Any = None, rows: int = 0) -> None:
        self.kind, self.of, self.rows = kind, of, rows
        self.following = self
        self.use: Use | None = None  # of a forward: how its kind is counted …
        self.training = False
        self.layers: list[tuple[weakref.ref[torch.nn.Module], bool]] = []  # … the modes it ran in …
        self.direct = False  # … and whether it was given the batch as it was drawn
        self.expression: Any = None  # of a backward: what of
        self.pointer = 0  # of a forward in the step under way that was given another: where that lies …
        self.batch: weakref.ref[torch.Tensor] = NOTHING  # … and that batch

    def alike(self, other: Beat) -> bool:
        """Whether another step's beat is the same; the next pass over a loader is as good as this one."""
        if self.kind != other.kind or self.rows != other.rows or self.direct is not other.direct:
            return False
        if self.kind == "B" and self.expression != other.expression:
            return False
        if self.kind == "D":
            return bool(self.of.loader == other.of.loader)
        if self.kind == "Z":
            return bool(self.of == other.of)
        return self.of is other.of and self.use is other.use


class Steady:
    """Expects the beats of the last step again.  `now` is the next of them; None: beats are told in full."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.now: Beat | None = None
        self.allowed = True
        self._heard: list[Beat] = []  # of the step under way, where it is told in full
        self._script: list[Beat] = []  # of the last such step
        self._fed: list[Beat] = []  # the draws among them …
        self._uses: list[Use] = []  # … and how their forwards are counted
        self._optimizer: OptimizerInfo | None = None
        self._told: tuple[int, int] = (0, 0)  # rows trained on and fresh steps, when the last step was over
        self._count = self._limit = 0
        self._pointer = 0  # where the batch lies that was drawn last and told in full
        self._batch: torch.Tensor | None = None  # drawn last, and not told in full
        self._values: list[float] = []  # the losses of the steps counted, and of the one under way
        self._graph: Any = None  # of the last forward, until its backward
        self._rated: list[Any] = []  # the settings that change at every step
        self.tells = False  # whether operations are told
        self._marks = False  # whether outputs themselves go backward
        self.losses: list[Any] = []  # nodes of the losses since the last backward
        self._given: list[Any] = []  # the batches of the step under way
        self._outputs: list[list[weakref.ref[torch.Tensor]]] = []  # … and what its forwards gave
        self.rate: Rate = lambda _: None
        self.run: list[float] | None = None  # of equal rates of the optimizer that stepped last, and how many

    # ── beats told in full ───────────────────────────────────────────────────────────────────────

    def hear(self, beat: Beat) -> None:
        """A beat is told in full."""
        if len(self._heard) < MAX_BEATS:
            self._heard.append(beat)

    def hear_forward(
        self, info: ModuleInfo, module: torch.nn.Module, batch: torch.Tensor | None, use: Use | None
    ) -> None:
        """A training forward is told in full."""
        beat = Beat("F", info, len(batch) if batch is not None and batch.dim() else 0)
        beat.use, beat.training = use, module.training
        beat.layers = self._recorder.modes.flags(info)
        beat.direct = batch is not None and batch.data_ptr() == self._pointer
        self.hear(beat)

    def hear_backward(self, expression: Any, *, plain: bool) -> None:
        """A backward is told in full; one that is not `plain`, with arguments of its own, is like no other."""
        beat = Beat("B")
        beat.expression = expression if plain else object()
        self.hear(beat)

    def hear_clearing(self, optimizer: int, *, to_none: bool) -> None:
        """A zero_grad is told in full."""
        beat = Beat("Z", optimizer)
        beat.direct = to_none
        self.hear(beat)

    def hear_draw(self, state: PassState, rows: int, pointer: int) -> None:
        """A draw is told in full."""
        self._pointer = pointer
        self.hear(Beat("D", state, rows))

    def boundary(self, beats: str) -> None:
        """A step told in full is over; if it was like the one before, the next is expected to be so too."""
        heard, last = self._heard, self._script
        self._heard, self._script = [], heard
        feed = self._recorder.feed
        before, self._told = self._told, (feed.trained_rows, feed.fresh_steps)
        if (
            not self.allowed
            or not self._recorder.order.repeats
            or not self._recorder.script.repeats
            or len(heard) != len(beats)
            or len(last) != len(heard)
            or not PLAIN.fullmatch(beats)
            or not all(map(Beat.alike, heard, last))
        ):
            return
        fed = [beat for beat in heard if beat.kind == "D"]
        forwards = [beat for beat in heard if beat.kind == "F"]
        if (
            self._told != (before[0] + sum(beat.rows for beat in fed), before[1] + 1)
            or not feed.idle
            or any(beat.use is None or beat.use.key[3] == "e" or beat.rows < 1 for beat in forwards)
            or [beat.rows for beat in forwards] != [beat.rows for beat in fed]
        ):
            return
        self._enter(heard, fed, [beat.use for beat in forwards if beat.use is not None])

    def stop(self) -> None:
        """From now on tell every beat in full."""
        self.leave()
        self.allowed = False

    def forget(self) -> None:
        """A stretch is over that is no step to be compared with; what comes after it may still be as before."""
        self._heard = []
        self._told = (self._recorder.feed.trained_rows, self._recorder.feed.fresh_steps)

    def _enter(self, script: list[Beat], fed: list[Beat], uses: list[Use]) -> None:
        recorder = self._recorder
        steps = recorder.steps
        self._limit = min(
            MOST,
            (1 << steps.bit_length()) - 1 - steps,  # at powers of two every one looks
            recorder.ledger.quiet,
            *(looker.patience() // len(fed) for looker in recorder.lookers),
        )
        for state, draws in Counter(beat.of for beat in fed).items():
            if state.expected is not None:
                self._limit = min(self._limit, (state.expected - state.batches - LAST_BATCHES) // draws)
        info = script[-1].of
        if self._limit < LEAST or info.steps <= LEAST or info.compared != len(recorder.registry.modules):
            return
        for beat, following in zip(script, [*script[1:], script[0]], strict=True):
            beat.following = following
        self._fed, self._uses, self._optimizer = fed, uses, info
        self.tells = not recorder.script.silent
        self._rated = next((op[2] for op in recorder.script.last if op[0] == "R"), [])
        self._marks = any("f" in str(beat.expression) for beat in script if beat.kind == "B")
        self.now = script[0]

    # ── beats as expected ────────────────────────────────────────────────────────────────────────

    def same(self, kind: str, of: Any = None) -> bool:
        """Whether a beat is as expected, and then it is counted; if it is not, all is told up to here."""
        beat = self.now
        if beat is None:
            return False
        if beat.kind == kind and beat.of is of:
            self.now = beat.following
            return True
        self.leave()
        return False

    def cleared(self, optimizer: int, to_none: bool) -> bool:
        """The same for a zero_grad."""
        beat = self.now
        if beat is not None and beat.kind == "Z" and beat.of == optimizer and beat.direct is to_none:
            self.now = beat.following
            return True
        self.leave()
        return False

    def drawn(self, state: PassState, batch: Any) -> bool:
        """The same for a batch that a loader has yielded."""
        beat = self.now
        tensor = batch[0] if type(batch) is list and batch else batch
        if type(tensor) is not torch.Tensor or tensor.layout is not STRIDED:
            tensor = first_tensor(batch)
        if (
            beat is not None
            and beat.kind == "D"
            and beat.of is state
            and tensor is not None
            and tensor.dim()
            and tensor.size(0) == beat.rows
        ):
            self._batch = tensor
            self._given.append(batch)
            self.now = beat.following
            return True
        self.leave()
        return False

    def forward(self, module: torch.nn.Module, args: tuple[Any, ...]) -> bool:
        """The same for a module's call, whose output then goes to `forward_made`."""
        beat = self.now
        try:
            if (
                beat is not None
                and beat.kind == "F"
                and beat.of.ref() is module
                and module.training is beat.training
                and torch.is_grad_enabled()
                and (not beat.layers or all(_in_mode(*layer) for layer in beat.layers))
            ):
                drawn = args[0] is self._batch if args else False
                if (drawn and beat.direct and functions_running() is None) or self._is_alike(beat, args):
                    self.now = beat.following
                    return True
            self.leave()
        except Exception:  # noqa: BLE001 - see Recorder.shield
            self._recorder.failed()
        return False

    def _is_alike(self, beat: Beat, args: tuple[Any, ...]) -> bool:
        """Whether a forward is given as many rows as last time, and now too as they were drawn, or not."""
        batch = first_tensor(args)
        if batch is None or not batch.dim() or batch.size(0) != beat.rows:
            return False
        beat.pointer, beat.batch = batch.data_ptr(), weakref.ref(batch)
        return (self._batch is not None and beat.pointer == self._batch.data_ptr()) is beat.direct

    def forward_made(self, output: Any) -> None:
        """The output of a forward that `forward` took for expected."""
        try:
            result = output if type(output) is torch.Tensor else first_tensor(output)
            self._graph = None if result is None else result.grad_fn
            if self._marks:
                self._outputs.append([weakref.ref(leaf) for leaf in leaves(output)])
                self._recorder.script.operands.mark_output(self._outputs[-1])
            elif self.tells:
                self._outputs.append([] if result is None else [weakref.ref(result)])
            if self.now is None:  # all was told while it ran, without its mark
                self._recorder.feed.forward_made(self._mark())
        except Exception:  # noqa: BLE001 - as above
            self._recorder.failed()

    def backward(self, root: Any, *, plain: bool) -> bool:
        """The same for a backward; `plain`: without arguments of its own."""
        beat = self.now
        try:
            losses = self.losses
            if (
                beat is not None
                and beat.kind == "B"
                and plain
                and type(root) is torch.Tensor
                and root.numel() == 1
                and (
                    beat.expression is None
                    or (losses and losses[-1] is root.grad_fn and beat.expression == DIRECT)
                    or self._is_expressed(root, beat)
                )
            ):
                self._values.append(float(item(root)))
                self._graph = None
                if losses:
                    for _ in losses:
                        self._recorder.script.operands.hold_loss(None)
                    losses.clear()
                self._recorder.backwards += 1
                self.now = beat.following
                return True
            self.leave()
        except Exception:  # noqa: BLE001 - as above
            self._recorder.failed()
        return False

    def _is_expressed(self, root: torch.Tensor, beat: Beat) -> bool:
        """Whether what goes backward is made of the step's losses as it was last time."""
        operands = self._recorder.script.operands
        for node in self.losses:
            operands.hold_loss(node)
        self.losses.clear()
        return bool(operands.expression(root) == beat.expression)

    def stepped(self, optimizer: torch.optim.Optimizer) -> bool:
        """The same for the step itself."""
        beat, info, recorder = self.now, self._optimizer, self._recorder
        groups = optimizer.param_groups
        if (
            beat is None
            or info is None
            or beat.kind != "S"
            or info.ref() is not optimizer
            or len(groups) != info.groups
        ):
            self.leave()
            return False
        if (run := self.run) is not None and groups[0].get("lr", 0.0) == run[0] and not self._rated:
            run[1] += 1
        elif (changed := recorder.script.changed(info, optimizer)) == self._rated:
            self.run = self.rate(optimizer)
        else:
            recorder.script.pending = changed
            self.leave()
            return False
        self.now = beat.following
        self._count += 1
        self._given.clear()
        if self.tells:
            self._outputs.clear()
        recorder.steps += 1
        if self._count >= self._limit:
            self.leave()
        elif time.monotonic() >= recorder.next_progress:
            self.leave()
            recorder.progress()
        return True

    # ── the end of equal steps ───────────────────────────────────────────────────────────────────

    def leave(self) -> None:
        """Write down what was counted, and tell the beats of the step under way in full."""
        now, self.now = self.now, None
        if now is None:
            return
        mark = self._mark()
        recorder = self._recorder
        beat = self._script[0]
        losses = iter(self._settle())
        self._heard = []
        batches, held = iter(self._given), (iter(self._given), iter(self._outputs))
        for node in self.losses:
            recorder.script.operands.hold_loss(node)
        while beat is not now:
            self._tell(beat, batches, losses)
            recorder.script.retell(beat.kind, *held, marked=self._marks)
            beat = beat.following
        self._given, self._outputs, self.losses = [], [], []
        self._batch = None
        if mark is not None:
            self._recorder.feed.forward_made(mark)

    def _settle(self) -> list[float]:
        """Add the counted steps to what the spies keep; the losses of the step under way."""
        count, self._count = self._count, 0
        values, self._values = self._values, []
        if not count:
            return values
        recorder, fed, info = self._recorder, self._fed, self._optimizer
        assert info is not None
        feed, number = recorder.feed, len(fed)
        values, rest = values[: count * number], values[count * number :]
        recorder.order.again(count)
        recorder.script.repeated(count)
        recorder.script.operands.passed(count * number, marked=self._marks)
        recorder.ledger.passed(count)
        recorder.losses.extend(values)
        if all(draw.of is fed[0].of and draw.rows == fed[0].rows for draw in fed):
            fed[0].of.lost_all(fed[0].rows, values)
        else:
            for place, value in enumerate(values):
                draw = fed[place % number]
                draw.of.lost(draw.rows, value)
        for draw, use in zip(fed, self._uses, strict=True):
            draw.of.yielded(draw.rows, count)
            draw.of.trained += count
            use.calls += count
            use.trained += count
        rows = sum(draw.rows for draw in fed)
        feed.again(count, batches=number, rows=rows, last=self._draw(fed[-1], self._batch))
        if self._batch is not None:
            recorder.batch_pointer = self._batch.data_ptr()
        for looker in recorder.lookers:
            looker.skipped(count * number)
        info.steps += count
        for module in info.shared:
            module.stepped = recorder.steps - 1
        self._told = (feed.trained_rows, feed.fresh_steps)
        return rest

    def _tell(self, beat: Beat, batches: Iterator[Any], losses: Iterator[float]) -> None:
        """Tell a beat of the step under way, of which nothing was written down."""
        recorder = self._recorder
        feed = recorder.feed
        recorder.beat(beat.kind)
        self.hear(beat)
        if beat.kind == "D":
            beat.of.yielded(beat.rows)
            self._batch = first_tensor(next(batches))
            draw = self._draw(beat, self._batch)
            self._pointer = draw.pointer
            feed.drawn(draw)
        elif beat.kind == "Z":
            feed.used.cleared()
        elif beat.kind == "F":
            assert beat.use is not None
            beat.use.calls += 1
            if beat.direct and self._batch is not None:
                beat.pointer, beat.batch = self._batch.data_ptr(), weakref.ref(self._batch)
            recorder.batch_pointer = beat.pointer
            feed.forward_on(beat.pointer, beat.batch, beat.rows, beat.use)
            for looker in recorder.lookers:
                looker.skipped(1)
        elif beat.kind == "B":
            value = next(losses)
            feed.backward(None, value)
            recorder.losses.add(value, 0)

    def _mark(self) -> weakref.ref[Mark] | None:
        """A mark on the graph of the last forward, if it waits for its backward."""
        graph, self._graph = self._graph, None
        return mark_node(graph) if graph is not None else None

    def _draw(self, beat: Beat, batch: torch.Tensor | None) -> Draw:
        state = beat.of
        lost = functools.partial(state.lost, beat.rows)
        pointer, reference = (0, None) if batch is None else (batch.data_ptr(), weakref.ref(batch))
        return Draw(pointer, beat.rows, state.used, state.loader, lost, reference)


def _in_mode(ref: weakref.ref[torch.nn.Module], training: bool) -> bool:
    layer = ref()
    return layer is not None and layer.training is training
