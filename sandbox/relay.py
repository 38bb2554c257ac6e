"""The relay: what passes between a child and the grader while a job runs, within bounds and without a look inside."""

from __future__ import annotations

import contextlib
import os
import select
import time
from typing import Any

from sandbox import trace, wire
from sandbox.housekeeping import strike

READ = 1 << 16
MAX_WEIGHTS = 256 << 20
MAX_ASKED = 4 << 20


class Relay:
    """Passes on what a child writes and, where it may ask (`tell` is a pipe to it), what it is answered.

    `source`, read by `reader`, and `sink` lead to the grader, `report` and `output` come from the child.
    """

    def __init__(
        self,
        source: int,
        sink: int,
        reader: wire.FrameReader,
        report: int,
        output: int,
        tell: int | None,
        job: dict[str, Any],
    ) -> None:
        self._source, self._sink, self._report, self._output = source, sink, report, output
        self._reader, self._tell = reader, tell
        self._limit, self._kept = job["output"], job["output_kept"]
        self._left = {wire.TRACE: trace.MAX_TRACE, wire.WEIGHTS: MAX_WEIGHTS}
        if tell is not None:
            os.set_blocking(tell, False)
            self._left[wire.ASK] = MAX_ASKED
        self._frames = wire.FrameReader(frozenset(self._left))
        self._ended = False
        self.output_bytes = 0
        self.output_exceeded = False
        self.protocol_error = ""

    def until_exit(self, child: int) -> int:
        """Relay until the child has ended; its wait status.  Too much output ends it, and so does our orphanhood."""
        while True:
            self._turn(0.02)
            if self._tell is not None:
                self._answered(self._tell)
            if self._ended or self._source_closed():
                strike(child)
            if self.output_bytes > self._limit and not self.output_exceeded:
                self.output_exceeded = True
                strike(child)
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return status

    def _answered(self, tell: int) -> None:
        """Pass on what the grader answers; the child ends where it says so, or where the child does not listen."""
        while select.select([self._source], [], [], 0.0)[0] and not self._ended:
            data = os.read(self._source, READ)
            self._ended = not data
            for channel, payload in self._reader.feed(data):
                if channel != wire.TELL:
                    self._ended = True
                    continue
                with contextlib.suppress(BrokenPipeError):
                    try:
                        wire.write_all(tell, wire.frame(wire.TELL, payload))
                    except BlockingIOError:
                        self._ended = True

    def _source_closed(self) -> bool:
        """Whether the grader has gone: nobody is left to keep the deadline."""
        poll = select.poll()
        poll.register(self._source, select.POLLHUP)
        return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))

    def drain(self) -> None:
        """What is still in the pipes once everything that could write to them is gone."""
        while self._turn(0.0):
            pass

    def _turn(self, timeout: float) -> bool:
        """Wait for either pipe, relay one read of each; whether there was anything."""
        sources = [self._report, self._output]
        also = [self._source] if self._tell is not None and timeout else []
        ready, _, _ = select.select([*sources, *also], [], [], timeout)
        moved = False
        for descriptor in sources:
            if descriptor not in ready:
                continue
            data = os.read(descriptor, READ)
            moved = moved or bool(data)
            if descriptor == self._output:
                self._printed(data)
            else:
                self._reported(data)
        if ready and not moved and self._source not in ready:
            time.sleep(0.002)  # both ends closed, the child not yet gone
        return moved

    def _printed(self, data: bytes) -> None:
        kept = data[: max(0, self._kept - self.output_bytes)]
        self.output_bytes += len(data)
        if kept:
            wire.write_all(self._sink, wire.frame(wire.OUTPUT, kept))

    def _reported(self, data: bytes) -> None:
        if self.protocol_error:
            return
        try:
            frames = self._frames.feed(data)
        except wire.WireError as error:
            self.protocol_error = str(error)
            return
        for channel, payload in frames:
            self._left[channel] -= len(payload)
            if self._left[channel] < 0:
                self.protocol_error = f"more than allowed on channel {channel!r}"
                return
            wire.write_all(self._sink, wire.frame(channel, payload))
        if self._frames.error is not None:
            self.protocol_error = str(self._frames.error)
