"""Frames: how bytes travel between the grader, the zygote and its children.

A frame is one channel byte, four bytes of length (big endian) and that many bytes of payload.
Nothing else is ever read off a pipe, so a reader needs no parser to stay safe: it looks at the
channel and the length, and gives up on either being out of bounds.

    grader -> zygote or examiner
        F   a piece of a file: 2 bytes name length, name (UTF-8), bytes to append to it
        J   a job or a request: one JSON object; ends the files that belong to it
        L   the answer to a child's question, passed on to it unread
        K   the child's end: it is killed at once
    zygote or examiner -> grader
        R   ready, or still there, or ready again: JSON
        P   a piece of what the child reported, as it came: frames T, W and A, cut anywhere
        O   what the student's code printed
        F   a piece of a file: the examiner's, or what a run left where its job keeps that
        X   the end of a job: JSON
    child -> grader, inside the pieces P
        T   a piece of the trace
        W   a piece of the weights
        A   a question, where its job lets it ask
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

FILE, JOB, READY, REPORT, TRACE, WEIGHTS, OUTPUT, EXIT = b"F", b"J", b"R", b"P", b"T", b"W", b"O", b"X"
ASK, TELL, KILL = b"A", b"L", b"K"
CHANNELS = frozenset((FILE, JOB, READY, REPORT, TRACE, WEIGHTS, OUTPUT, EXIT, ASK, TELL, KILL))

MAX_FRAME = 1 << 20
"""Longest payload of one frame, in bytes."""

MAX_WEIGHTS = 256 << 20
"""Most bytes of weights that one job may send."""

MAX_ASKED = 4 << 20
"""Most bytes of questions that one job may ask."""

TIMED_OUT = 97
"""Exit status of a child whose own alarm rang: the deadline was near, and it wrote what it had."""

_HEAD = struct.Struct(">cI")
_NAME = struct.Struct(">H")


class WireError(ValueError):
    """The other side broke the framing: unknown channel, frame too long, or cut off."""


HEAD = _HEAD.size
"""Bytes before a frame's payload."""


def put_head(buffer: bytearray, channel: bytes, length: int) -> None:
    """Write the head of a frame of that many bytes at the beginning of `buffer`."""
    _HEAD.pack_into(buffer, 0, channel, length)


def read_frame(descriptor: int, allowed: frozenset[bytes]) -> tuple[bytes, bytes] | None:
    """Read one frame and not a byte more; None at the end of the stream.  Raises WireError."""
    head = read_exactly(descriptor, _HEAD.size)
    if not head:
        return None
    channel, length = _HEAD.unpack(head)
    if channel not in allowed or length > MAX_FRAME:
        raise WireError(f"unexpected channel {channel!r}, or a frame of {length} bytes")
    return channel, read_exactly(descriptor, length)


def read_exactly(descriptor: int, length: int) -> bytes:
    """That many bytes; b"" when the stream ends before the first.  Raises WireError when it ends within them."""
    data = bytearray()
    while len(data) < length:
        piece = os.read(descriptor, length - len(data))
        if not piece and data:
            raise WireError("the stream ended inside a frame")
        if not piece:
            break
        data += piece
    return bytes(data)


def frame(channel: bytes, payload: bytes = b"") -> bytes:
    """One frame as bytes.  Raises WireError when the payload is longer than MAX_FRAME."""
    if len(payload) > MAX_FRAME:
        raise WireError(f"a frame of {len(payload)} bytes is longer than {MAX_FRAME}")
    return _HEAD.pack(channel, len(payload)) + payload


def file_frames(name: str, content: bytes) -> Iterator[bytes]:
    """A file as a run of F frames, at least one (an empty file is a file)."""
    raw = name.encode()
    head = _NAME.pack(len(raw)) + raw
    room = MAX_FRAME - len(head)
    for start in range(0, max(len(content), 1), room):
        yield frame(FILE, head + content[start : start + room])


def split_file(payload: bytes) -> tuple[str, bytes]:
    """Name and bytes of an F frame's payload.  Raises WireError when it is malformed."""
    if len(payload) < _NAME.size:
        raise WireError("a file frame without a name")
    (length,) = _NAME.unpack_from(payload)
    end = _NAME.size + length
    if end > len(payload):
        raise WireError("a file frame is cut off inside its name")
    try:
        return payload[_NAME.size : end].decode(), payload[end:]
    except UnicodeDecodeError as error:
        raise WireError("a file name is not UTF-8") from error


class FrameReader:
    """Cuts a stream of bytes into frames, whatever sizes it arrives in.

    `allowed` are the channels this side accepts; anything else is a WireError.
    """

    def __init__(self, allowed: frozenset[bytes] = CHANNELS) -> None:
        self._allowed = allowed
        self._buffer = bytearray()
        self.error: WireError | None = None

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Take `data` in and return the frames now complete, as (channel, payload).

        Good frames before a bad one are returned first; the WireError comes with the next call, and stays.
        """
        if self.error is not None:
            raise self.error
        self._buffer += data
        frames: list[tuple[bytes, bytes]] = []
        while self.error is None and len(self._buffer) >= _HEAD.size:
            channel, length = _HEAD.unpack_from(self._buffer)
            if channel not in self._allowed:
                self.error = WireError(f"unexpected channel {channel!r}")
            elif length > MAX_FRAME:
                self.error = WireError(f"a frame announces {length} bytes, more than {MAX_FRAME}")
            elif len(self._buffer) < (end := _HEAD.size + length):
                break
            else:
                frames.append((channel, bytes(self._buffer[_HEAD.size : end])))
                del self._buffer[:end]
        if self.error is not None:
            self._buffer.clear()
            if not frames:
                raise self.error
        return frames

    @property
    def pending(self) -> int:
        """Bytes of an unfinished frame still waiting."""
        return len(self._buffer)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte to a blocking descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
