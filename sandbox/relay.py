"""The relay: what passes between a child and the grader while a job runs, within bounds and without a look inside."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Iterator
from typing import Any

from sandbox import trace, wire
from sandbox.housekeeping import strike

READ = 1 << 16
TICK = 0.02  # seconds between looks at a child where the kernel does not tell of its end
HEADS = 1 << 20  # of frames
MAX_REPORT = trace.MAX_TRACE + wire.MAX_WEIGHTS + wire.MAX_ASKED + HEADS


def report_exceeded(size: int) -> str:
    """Why so many bytes of a report are too many; "" where they are not."""
    return "it reported more than it may" if size > MAX_REPORT else ""


class Relay:
    """Passes on what a child writes, within bounds, and what it is answered where it may ask (`tell` leads to it).

    `source` and `sink` lead to the grader, `report` and `output` come from the child; all passes through `buffer`.
    """

    def __init__(
        self,
        source: int,
        sink: int,
        report: int,
        output: int,
        tell: int | None,
        told: dict[str, Any],
        buffer: bytearray,
    ) -> None:
        self._source, self._sink, self._report, self._output = source, sink, report, output
        self._tell, self._listening = tell, False
        if tell is not None:
            os.set_blocking(tell, False)
        self._limit, self._kept = told["output"], told["output_kept"]
        self._buffer = buffer
        self._poll = select.poll()
        for descriptor in (report, output):
            self._poll.register(descriptor, select.POLLIN)
        self.output_bytes = self.report_bytes = 0
        self.output_exceeded = False

    def until_exit(self, child: int) -> int:
        """Relay until the child has ended; its wait status.  Too much output ends it, and so does our orphanhood."""
        self._poll.register(self._source, 0)  # its end is told without being asked for
        with watched(child, self._poll) as told:
            while True:
                self._turn(None if told else TICK, child)
                if self.output_bytes > self._limit and not self.output_exceeded:
                    self.output_exceeded = True
                    strike(child)
                pid, status = os.waitpid(child, os.WNOHANG)
                if pid:
                    self._poll.unregister(self._source)
                    return status

    def drain(self) -> None:
        """What is still in the pipes once everything that could write to them is gone."""
        self._listening = True  # nobody is left to be answered
        while self._turn(0.0):
            pass

    def _turn(self, seconds: float | None, child: int = 0) -> bool:
        """Wait for something to happen and relay one read of each pipe; whether there was anything."""
        moved = False
        for descriptor, event in self._poll.poll(None if seconds is None else seconds * 1000):
            if descriptor in (self._report, self._output):
                moved = self._relay(descriptor) or moved
            elif descriptor == self._source and not self._answered(event):
                strike(child)
        return moved

    def _answered(self, event: int) -> bool:
        """Pass an answer on.  False where the child has to end: nobody is left to keep its deadline, the grader says
        so, or the child does not listen to what it asked for."""
        if not event & select.POLLIN:
            return False
        got = wire.read_frame(self._source, frozenset((wire.TELL, wire.KILL)))
        if got is None or got[0] != wire.TELL or self._tell is None:
            self._poll.modify(self._source, 0)
            return False
        with contextlib.suppress(BrokenPipeError):
            try:
                wire.write_all(self._tell, wire.frame(*got))
            except BlockingIOError:
                return False
        return True

    def _relay(self, descriptor: int) -> bool:
        """One read of a pipe; false at its end."""
        size = os.readv(descriptor, [memoryview(self._buffer)[wire.HEAD :]])
        if not size:
            self._poll.unregister(descriptor)
            return False
        if descriptor == self._report:
            if (
                self._tell is not None and not self._listening
            ):  # it has read its job: what comes now are answers
                self._poll.modify(self._source, select.POLLIN)
                self._listening = True
            self.report_bytes += size
            self._pass_on(wire.REPORT, size if self.report_bytes <= MAX_REPORT else 0)
        else:
            self._pass_on(wire.OUTPUT, min(size, max(0, self._kept - self.output_bytes)))
            self.output_bytes += size
        return True

    def _pass_on(self, channel: bytes, size: int) -> None:
        if size:
            wire.put_head(self._buffer, channel, size)
            wire.write_all(self._sink, memoryview(self._buffer)[: wire.HEAD + size])


@contextlib.contextmanager
def watched(child: int, poll: select.poll) -> Iterator[bool]:
    """Have `poll` tell when a child has ended; false where this kernel cannot."""
    try:
        descriptor = os.pidfd_open(child)
    except (AttributeError, OSError):
        yield False
        return
    poll.register(descriptor, select.POLLIN)
    try:
        yield True
    finally:
        poll.unregister(descriptor)
        os.close(descriptor)
