"""Frames: what is written comes back whatever sizes it arrives in, and hostile bytes raise WireError only."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import wire

CHANNELS = st.sampled_from(sorted(wire.CHANNELS))
FRAMES = st.lists(st.tuples(CHANNELS, st.binary(max_size=300)), max_size=8)
HEAD = 5  # bytes before a payload


@given(FRAMES, st.data())
def test_frames_come_back_whatever_pieces_they_arrive_in(
    frames: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(wire.frame(channel, payload) for channel, payload in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = wire.FrameReader()
    got = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += reader.feed(stream[start:end])
    assert got == frames
    assert reader.pending == 0


@given(FRAMES, st.integers(1, 20))
def test_a_cut_off_stream_leaves_its_last_frame_pending(
    frames: list[tuple[bytes, bytes]], missing: int
) -> None:
    frames = [*frames, (wire.TRACE, b"x" * 30)]
    stream = b"".join(wire.frame(channel, payload) for channel, payload in frames)
    reader = wire.FrameReader()
    assert reader.feed(stream[:-missing]) == frames[:-1]
    assert reader.pending == HEAD + 30 - missing


@given(st.lists(st.binary(max_size=400), max_size=5))
def test_arbitrary_bytes_give_frames_or_a_wire_error(pieces: list[bytes]) -> None:
    reader = wire.FrameReader()
    whole = b"".join(pieces)
    try:
        frames = [item for piece in pieces for item in reader.feed(piece)]
    except wire.WireError:
        assert len(whole) >= HEAD  # fewer could still become a frame
    else:
        assert sum(HEAD + len(payload) for _, payload in frames) + reader.pending == len(whole)


@given(FRAMES.filter(bool), st.data())
def test_one_changed_byte_gives_frames_or_a_wire_error(
    frames: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    stream = bytearray(b"".join(wire.frame(channel, payload) for channel, payload in frames))
    place = data.draw(st.integers(0, len(stream) - 1))
    stream[place] ^= data.draw(st.integers(1, 255))
    reader = wire.FrameReader()
    try:
        got = reader.feed(bytes(stream))
    except wire.WireError:
        return
    assert got != frames or reader.pending


def test_a_channel_that_this_side_does_not_accept_is_refused() -> None:
    reader = wire.FrameReader(frozenset((wire.TRACE,)))
    assert reader.feed(wire.frame(wire.TRACE, b"a")) == [(wire.TRACE, b"a")]
    with pytest.raises(wire.WireError, match="unexpected channel b'J'"):
        reader.feed(wire.frame(wire.JOB, b"{}"))


def test_good_frames_before_a_bad_one_are_returned_and_the_error_stays() -> None:
    reader = wire.FrameReader(frozenset([wire.TRACE]))
    good = wire.frame(wire.TRACE, b"good")
    assert reader.feed(good + b"garbage" + good) == [(wire.TRACE, b"good")]
    assert isinstance(reader.error, wire.WireError)
    for more in (good, b""):
        with pytest.raises(wire.WireError, match="unexpected channel b'g'"):
            reader.feed(more)


def test_a_frame_may_be_just_as_long_as_the_bound() -> None:
    payload = bytes(wire.MAX_FRAME)
    assert wire.FrameReader().feed(wire.frame(wire.WEIGHTS, payload)) == [(wire.WEIGHTS, payload)]


def test_a_frame_that_is_too_long_is_neither_written_nor_waited_for() -> None:
    with pytest.raises(wire.WireError, match="longer than"):
        wire.frame(wire.TRACE, bytes(wire.MAX_FRAME + 1))
    announced = wire.TRACE + (wire.MAX_FRAME + 1).to_bytes(4, "big")
    with pytest.raises(wire.WireError, match="announces 1048577 bytes"):
        wire.FrameReader().feed(announced)


@pytest.mark.parametrize("size", [0, 1, wire.MAX_FRAME, 2 * wire.MAX_FRAME + 17])
def test_a_file_of_any_size_travels_in_frames(size: int) -> None:
    content = os.urandom(size)
    got = b""
    for channel, payload in wire.FrameReader().feed(b"".join(wire.file_frames("dätä/x.npy", content))):
        name, piece = wire.split_file(payload)
        assert (channel, name) == (wire.FILE, "dätä/x.npy")
        got += piece
    assert got == content


@given(st.binary(max_size=100))
def test_an_arbitrary_file_payload_is_a_name_and_bytes_or_a_wire_error(payload: bytes) -> None:
    try:
        name, content = wire.split_file(payload)
    except wire.WireError:
        return
    assert next(iter(wire.file_frames(name, content)))[HEAD:] == payload


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "without a name"),
        (b"\x00", "without a name"),
        (b"\x00\x05abc", "cut off"),
        (b"\x00\x01\xff", "UTF-8"),
    ],
)
def test_a_malformed_file_payload_says_what_is_wrong(payload: bytes, why: str) -> None:
    with pytest.raises(wire.WireError, match=why):
        wire.split_file(payload)


def test_write_all_writes_more_than_a_pipe_holds() -> None:
    source, sink = os.pipe()
    data = os.urandom(1 << 20)

    def send() -> None:
        wire.write_all(sink, data)
        os.close(sink)

    writer = threading.Thread(target=send)
    writer.start()
    with open(source, "rb") as reader:
        assert reader.read() == data
    writer.join()
