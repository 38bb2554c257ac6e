"""An Endpoint over a container's attached stream, whatever engine it came from.

A container without a terminal sends stdout and stderr down one connection, in pieces headed by eight
bytes: the stream's number, three zeros and the length, big endian.  An engine waits for whoever is
attached, so a container that is killed while nobody reads never ends: `kill` reads while it kills.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from grader.errors import SandboxBroken

STDOUT, STDERR = 1, 2
STDERR_KEPT = 8 << 10
AFTER_KILL_KEPT = 8 << 20
"""Bytes of stdout kept that were under way when the container was killed."""
STALL = 60.0
"""Seconds without one byte taken after which a container no longer reads its input."""
GRACE = 15.0
"""Seconds that a killed container's stream has to end."""

_HEAD = struct.Struct(">BxxxL")
_PIECE = 256 << 10


class Demultiplexer:
    """Splits an attached stream into (stream number, bytes), as they arrive."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._stream = 0
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The pieces that `data` brings.  Raises SandboxBroken when it is no such stream."""
        view = memoryview(data)
        while view:
            if self._left:
                piece, view = view[: self._left], view[self._left :]
                self._left -= len(piece)
                yield self._stream, bytes(piece)
                continue
            missing = _HEAD.size - len(self._head)
            self._head += view[:missing]
            view = view[missing:]
            if len(self._head) == _HEAD.size:
                self._stream, self._left = _HEAD.unpack(bytes(self._head))
                self._head.clear()
                if self._stream not in (0, STDOUT, STDERR):
                    raise SandboxBroken("The engine's stream of the container's output is malformed.")


class Container(Protocol):
    """The two things an endpoint asks of its engine."""

    def kill(self) -> None:
        """SIGKILL; nothing happens when it has ended already."""

    def remove(self) -> None:
        """Remove it, running or not, and wait until it is gone."""


class StreamEndpoint:
    """A container as a pair of byte streams; see `grader.launch.base.Endpoint`.  One thread at a time."""

    def __init__(self, connection: socket.socket, container: Container) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._container = container
        self._demultiplexer = Demultiplexer()
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._ended = self._killed = self._closed = False

    def send(self, data: bytes) -> None:
        """Write all of `data`, taking in meanwhile what arrives, so that neither side waits for the other."""
        view = memoryview(data)
        with self._waiting(selectors.EVENT_READ | selectors.EVENT_WRITE) as waiting:
            while view:
                if self._ended:
                    raise SandboxBroken("The container ended before it had taken its input.")
                events = waiting.select(STALL)
                if not events:
                    raise SandboxBroken(f"The container took no input for {STALL:.0f} s.")
                if events[0][1] & selectors.EVENT_READ:
                    self._take()
                    continue
                view = view[self._write(view[:_PIECE]) :]

    def receive(self, timeout: float) -> bytes | None:
        """Some bytes of stdout, b"" at its end, None when `timeout` seconds brought none."""
        until = time.monotonic() + timeout
        with self._waiting(selectors.EVENT_READ) as waiting:
            while not self._stdout and not self._ended:
                if not waiting.select(max(0.0, until - time.monotonic())):
                    return None
                self._take()
        data = bytes(self._stdout)
        self._stdout.clear()
        return data

    def kill(self) -> None:
        """SIGKILL the container while draining it; what was under way can still be received."""
        if self._killed:
            return
        self._killed = True
        drain = threading.Thread(target=self._drain, name="drain", daemon=True)
        drain.start()
        try:
            self._container.kill()
        finally:
            drain.join(GRACE + 1)

    def close(self) -> None:
        """Kill and remove the container and close the connection."""
        if self._closed:
            return
        self._closed = True
        try:
            self.kill()
        finally:
            self._ended = True
            self._socket.close()
            self._container.remove()

    def explain(self) -> str:
        """The last 8 KiB it wrote on stderr."""
        return bytes(self._stderr).decode("utf-8", "replace").strip()

    @contextmanager
    def _waiting(self, events: int) -> Iterator[selectors.BaseSelector]:
        """A selector on the connection; on none when it has ended."""
        with selectors.DefaultSelector() as waiting:
            if not self._ended:
                waiting.register(self._socket, events)
            yield waiting

    def _write(self, view: memoryview) -> int:
        try:
            return self._socket.send(view)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise SandboxBroken("The container ended before it had taken its input.") from error

    def _take(self) -> None:
        """Read once, without waiting."""
        try:
            data = self._socket.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._ended = True
        for stream, piece in self._demultiplexer.feed(data):
            if stream == STDERR:
                self._stderr += piece
                del self._stderr[:-STDERR_KEPT]
            elif not self._killed or len(self._stdout) < AFTER_KILL_KEPT:
                self._stdout += piece

    def _drain(self) -> None:
        """Read until the stream ends; it does once the container is dead."""
        until = time.monotonic() + GRACE
        with self._waiting(selectors.EVENT_READ) as waiting:
            try:
                while not self._ended and time.monotonic() < until:
                    if waiting.select(0.2):
                        self._take()
            except SandboxBroken:
                pass
        self._ended = True
