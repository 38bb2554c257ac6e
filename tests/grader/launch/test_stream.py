"""A container's attached stream: taking it apart, and an endpoint over it that never hangs."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import SandboxBroken
from grader.launch.stream import AFTER_KILL_KEPT, STDERR_KEPT, Demultiplexer, StreamEndpoint


def piece(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(data)) + data


pieces = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=12)


@given(pieces, st.data())
def test_any_cutting_of_the_stream_gives_the_same_bytes(
    sent: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    whole = b"".join(piece(*one) for one in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    demultiplexer = Demultiplexer()
    got = {1: b"", 2: b""}
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        for stream, part in demultiplexer.feed(whole[start:end]):
            got[stream] += part
    assert got == {number: b"".join(part for stream, part in sent if stream == number) for number in (1, 2)}


def test_a_stream_with_an_unknown_number_is_refused() -> None:
    with pytest.raises(SandboxBroken, match="malformed"):
        list(Demultiplexer().feed(piece(7, b"x")))


class FakeContainer:
    """The far side of a socket pair, which kill() ends by closing it."""

    def __init__(self, far: socket.socket) -> None:
        self.far = far
        self.calls: list[str] = []

    def kill(self) -> None:
        self.calls.append("kill")
        self.far.close()

    def remove(self) -> None:
        self.calls.append("remove")


@pytest.fixture
def pair() -> Iterator[tuple[StreamEndpoint, FakeContainer]]:
    near, far = socket.socketpair()
    container = FakeContainer(far)
    endpoint = StreamEndpoint(near, container)
    yield endpoint, container
    endpoint.close()


Pair = tuple[StreamEndpoint, FakeContainer]


def test_stdout_is_received_and_stderr_only_explained(pair: Pair) -> None:
    endpoint, container = pair
    container.far.sendall(piece(2, b"a warning") + piece(1, b"data"))
    assert endpoint.receive(1) == b"data"
    assert endpoint.explain() == "a warning"


def test_silence_is_none_and_the_end_is_empty_for_good(pair: Pair) -> None:
    endpoint, container = pair
    assert endpoint.receive(0.01) is None
    container.far.close()
    assert endpoint.receive(1) == b""
    assert endpoint.receive(1) == b""


def test_only_the_last_of_stderr_is_kept(pair: Pair) -> None:
    endpoint, container = pair
    container.far.sendall(piece(2, b"old" + b"x" * STDERR_KEPT))
    container.far.close()
    assert endpoint.receive(1) == b""
    assert endpoint.explain() == "x" * STDERR_KEPT


def test_sending_takes_in_what_the_other_side_writes_first(pair: Pair) -> None:
    endpoint, container = pair
    data = bytes(4 << 20)
    taken = bytearray()

    def write_before_reading() -> None:
        container.far.sendall(piece(1, data))
        while len(taken) < len(data):
            taken.extend(container.far.recv(1 << 20))

    other = threading.Thread(target=write_before_reading)
    other.start()
    endpoint.send(data)
    other.join(10)
    assert bytes(taken) == data
    assert endpoint.receive(1) == data


def test_sending_to_an_ended_container_says_so(pair: Pair) -> None:
    endpoint, container = pair
    container.far.close()
    with pytest.raises(SandboxBroken, match="before it had taken its input"):
        endpoint.send(bytes(4 << 20))


def test_a_container_that_takes_no_input_is_given_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.launch.stream.STALL", 0.05)
    endpoint, _ = pair
    with pytest.raises(SandboxBroken, match="took no input"):
        endpoint.send(bytes(64 << 20))


def test_what_was_under_way_at_the_kill_is_received_after_it(pair: Pair) -> None:
    endpoint, container = pair
    container.far.sendall(piece(1, b"evidence"))
    endpoint.kill()
    endpoint.kill()
    assert container.calls == ["kill"]
    assert endpoint.receive(1) == b"evidence"
    assert endpoint.receive(1) == b""


def test_killing_reads_while_the_engine_waits_for_a_reader(pair: Pair) -> None:
    endpoint, container = pair
    flood = piece(1, bytes(2 * AFTER_KILL_KEPT))

    def kill() -> None:
        container.far.sendall(flood)  # returns only when somebody has read it
        container.far.close()

    container.kill = kill  # type: ignore[method-assign]
    endpoint.kill()
    kept = endpoint.receive(1)
    assert kept is not None
    assert AFTER_KILL_KEPT <= len(kept) < AFTER_KILL_KEPT + (1 << 20)


def test_closing_kills_and_removes_once(pair: Pair) -> None:
    endpoint, container = pair
    endpoint.close()
    endpoint.close()
    assert container.calls == ["kill", "remove"]


def test_a_container_is_removed_even_if_killing_it_fails(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.launch.stream.GRACE", 0.05)
    endpoint, container = pair

    def fail() -> None:
        raise SandboxBroken("no")

    container.kill = fail  # type: ignore[method-assign]
    with pytest.raises(SandboxBroken):
        endpoint.close()
    assert container.calls == ["remove"]
    container.far.close()
