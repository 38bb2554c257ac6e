"""A connection on which no request comes is closed, and one that is used is not."""

import socket
import threading
import time

import pytest
import uvicorn

from grader.web import patience

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = 30 << 20
"""More than the buffers between two sockets hold."""


async def app(scope, receive, send):
    body = b"x" * LARGE if scope["path"] == "/large" else b""
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def connect(monkeypatch):
    """Opens connections to a server with a patience of half a second."""
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(patience, "READ_SECONDS", 0.5)
    config = uvicorn.Config(app, http=patience.Impatient, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    own = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True)
    thread.start()
    yield lambda: socket.create_connection(own.getsockname(), timeout=5)
    server.should_exit = True
    thread.join(10)


def closed_within(connection, seconds):
    began = time.monotonic()
    assert connection.recv(1000) == b""
    return time.monotonic() - began < seconds


def dribbled(connection, byte):
    """Seconds until a connection, to which a byte is sent now and then, breaks."""
    began = time.monotonic()
    try:
        while time.monotonic() - began < 5:
            connection.sendall(byte)
            time.sleep(0.05)
    except OSError:
        pass
    return time.monotonic() - began


def test_a_silent_connection_is_closed(connect):
    with connect() as connection:
        assert closed_within(connection, 2)


def test_a_head_that_comes_byte_by_byte_is_closed(connect):
    with connect() as connection:
        assert dribbled(connection, b"G") < 2


def test_a_connection_that_is_used_again_and_again_stays(connect):
    with connect() as connection:
        for _ in range(4):
            connection.sendall(GET)
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            time.sleep(0.3)


def test_the_rest_of_a_body_that_nobody_wants_does_not_keep_it_open(connect):
    with connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert dribbled(connection, b"x") < 2


def received(connection):
    """How many bytes come until it is closed or broken off."""
    size = 0
    try:
        while piece := connection.recv(1 << 20):
            size += len(piece)
    except OSError:
        pass
    return size


def test_who_does_not_read_the_answer_is_not_waited_for(connect):
    with connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1.5)
        assert received(connection) < LARGE


def test_who_reads_a_large_answer_gets_all_of_it(connect):
    with connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert received(connection) > LARGE
