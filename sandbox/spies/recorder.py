"""The recorder: where all spies report; keeps the order, hands rows to the ledger, writes the trace.

It keeps out of the way of what it watches: it draws no random number of torch's, holds no tensor
longer than a step (the graded module apart), and does nothing in a process forked by the student.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import torch

from sandbox import trace
from sandbox.spies.bodies import Body
from sandbox.spies.feed import FeedLog
from sandbox.spies.labels import LabelLog
from sandbox.spies.ledger import Ledger
from sandbox.spies.making import Making
from sandbox.spies.modes import ModeLog
from sandbox.spies.order import MAX_BEATS, OrderLog
from sandbox.spies.registry import Registry
from sandbox.spies.script import ScriptLog
from sandbox.spies.series import LossSeries
from sandbox.spies.steady import Steady

FIRST_STEPS = 32  # the student's lines are taken at every one of these
PROGRESS_SECONDS = 0.5
T = TypeVar("T")
_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _forked() -> None:
    """This process was forked by the student's code (a loader's worker): nothing is recorded here."""
    for recorder in _recorders:
        recorder.elsewhere = True


os.register_at_fork(after_in_child=_forked)


class Looker(Protocol):
    """A spy that looks at training forwards, ever more rarely."""

    def patience(self) -> int:
        """How many forwards it need not be shown."""

    def skipped(self, forwards: int) -> None:
        """So many it was not shown."""

    def close(self) -> None:
        """Write what it has seen."""


class Recorder:
    """What every spy writes to.  `filename` is the co_filename of the student's code."""

    def __init__(self, writer: trace.Writer, filename: str) -> None:
        self.writer = writer
        self.filename = filename
        self.pid = os.getpid()
        self.elsewhere = False  # in a process the student's code forked, and in code of ours
        _recorders.add(self)
        self.started = time.monotonic()
        self.order = OrderLog()
        self.script = ScriptLog(self)
        self.registry = Registry(self)
        self.losses = LossSeries()
        self.feed = FeedLog()
        self.modes = ModeLog(self)
        self.labels = LabelLog()
        self.random = random.Random(20)  # noqa: S311 - picks coordinates and windows, our own generator
        self.ledger = Ledger(self)
        self.steps = 0
        self.backwards = 0
        self.failures = 0  # of our own code, while it watched
        self.depth = 0  # of module calls
        self.stepping = 0  # of optimizer.step calls
        self.differentiating = 0  # of backward calls
        self.batch_pointer = 0  # where the last training forward's input lies
        self.graded: set[int] | None = None  # the graded module's parameters, where they are known
        self.norms = False  # whether the norm of all gradients is read at the steps of a window
        self.passes = 0  # over loaders, begun so far
        self.on_step: list[Callable[[], None]] = []  # called at least at all powers of two
        self.on_backward: list[Callable[[torch.Tensor | None], None]] = []
        self.unscaled: Callable[[torch.Tensor | None, float | None], float | None] = lambda _, value: value
        self.lookers: list[Looker] = []
        self.steady = Steady(self)
        self.making: Making | None = None  # of what a script makes itself
        self.body: Body | None = None  # who listens to the forward under way
        self.stretch = ""  # the beats since the last boundary
        self.quick = False  # neither lines nor a ledger window are wanted now
        self._lines: list[int] = []
        self._want_lines = True
        self.next_progress = self.started + PROGRESS_SECONDS
        self._last_line = 0

    def shield(self, look: Callable[..., T], *args: Any) -> T | None:
        """Call a spy's own code: should it fail, the student's program must not notice.

        After a failure nothing that is concluded from the trace can be trusted, so it is counted.
        """
        try:
            return look(*args)
        except Exception:  # noqa: BLE001 - whatever it was, it was ours
            self.failed()
            return None

    def shielded(self, look: Callable[..., T]) -> Callable[..., T | None]:
        """`look`, shielded at every call."""

        def shield(*args: Any) -> T | None:
            try:
                return look(*args)
            except Exception:  # noqa: BLE001 - as above
                self.failed()
                return None

        return shield

    def failed(self) -> None:
        """The exception being handled is of our own code; see `shield`."""
        self.failures += 1
        self.ledger.open = False
        self.steady.now, self.steady.allowed = None, False
        if self.failures <= 3:
            self.write(trace.Failure(text=traceback.format_exc()[-2000:]))

    # ── what spies call ──────────────────────────────────────────────────────────────────────────

    def line(self, depth: int = 2) -> int:
        """The line of the student's file that is being executed; 0 when none is on the stack."""
        frame: Any = sys._getframe(depth)
        filename = self.filename
        while frame is not None:
            if frame.f_code.co_filename == filename:
                return int(frame.f_lineno)
            frame = frame.f_back
        return 0

    @contextlib.contextmanager
    def unwatched(self) -> Iterator[None]:
        """What runs inside is ours: no spy records it."""
        self.steady.leave()
        self.elsewhere, before = True, self.elsewhere
        try:
            yield
        finally:
            self.elsewhere = before or os.getpid() != self.pid

    def beat(self, name: str) -> int:
        """Note one beat; returns the student's line where lines are wanted, else 0."""
        if self.steady.now is not None:
            self.steady.leave()
        if self.quick:
            self.stretch = beats = self.stretch + name
            if len(beats) >= MAX_BEATS:
                self.boundary()
            return 0
        beats = self.stretch
        if not self.steps and not self.stepping and name in "DZF" and beats and beats[-1] in "BA":
            # No optimizer has ever stepped: an update by hand, or none.  The next batch begins here,
            # unless a loader draws them: then it begins with the draw.
            if name == "D" or not self.feed.from_loader:
                self.feed.step_ended()
            self.boundary()
            beats = ""
        self.stretch = beats = beats + name
        self._last_line = line = self.line(3)
        self._lines.append(line)
        if len(beats) >= MAX_BEATS:
            self.boundary()
        return line

    def boundary(self) -> None:
        """A stretch of beats is complete: a step has ended (or it became too long)."""
        beats, steps = self.stretch, self.steps
        self.stretch = ""
        self.script.boundary()
        number, new = self.order.add(beats)
        if new or not self.quick:
            lines, self._lines = self._lines, []
            if new or (self._want_lines and self.order.times[number] == 2):
                unseen = [0] * (len(beats) - len(lines))  # before a window opened in the midst of it
                self.write(trace.Pattern(id=number, beats=beats, lines=unseen + lines))
            self._want_lines = new or steps < FIRST_STEPS
        self.ledger.boundary(new)
        quick, self.quick = self.quick, steps > 0 and not self._want_lines and not self.ledger.open
        if quick and self.quick:
            self.steady.boundary(beats)
        else:
            self.steady.forget()
        if time.monotonic() >= self.next_progress or not steps & (steps - 1):
            self.progress()

    def stepped(self, params: list[int]) -> None:
        """A step of an optimizer with these parameters has ended."""
        self.steps += 1
        feed = self.feed
        feed.used.stepped(count=self.graded is None or not self.graded.isdisjoint(params))
        feed.step_ended()
        self.boundary()
        try:
            for callback in self.on_step:
                callback()
        except Exception:  # noqa: BLE001 - see shield
            self.failed()

    def write(self, record: trace.Record, *, closing: bool = False) -> None:
        """Write one record, unless this is a forked process."""
        if os.getpid() == self.pid:
            self.writer.write(record, closing=closing)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Write what was kept in memory: open window, order, passes, losses, uses."""
        if self.stretch:
            self.boundary()
        elif self.script.ops:
            self.script.boundary()
        self.ledger.close()
        for looker in self.lookers:
            self.shield(looker.close)
        self.registry.close()
        self.modes.close()
        order = trace.Order(items=self.order.items, truncated=self.order.truncated)
        self.write(order, closing=True)
        if (program := self.script.record()) is not None:
            self.write(program, closing=True)
        self.write(self.losses.record(), closing=True)
        for targets in self.labels.records():
            self.write(targets, closing=True)
        if (record := self.feed.record()) is not None:
            self.write(record, closing=True)

    def end(self, *, finished: bool, moved: bool) -> trace.End:
        """The last record."""
        return trace.End(
            finished=finished,
            steps=self.steps,
            counts=self.order.counts(),
            trained_rows=self.feed.trained_rows,
            moved=moved,
            seconds=time.monotonic() - self.started,
            dropped=self.writer.dropped,
            failures=self.failures,
        )

    def progress(self) -> None:
        """Now and then (at powers of two, and as time goes by) leave a mark in case we are killed."""
        now = time.monotonic()
        self.next_progress = now + max(PROGRESS_SECONDS, (now - self.started) / 50)
        self.write(trace.Progress(steps=self.steps, counts=self.order.counts(), line=self._last_line))
        if os.getpid() == self.pid:
            self.writer.flush()
