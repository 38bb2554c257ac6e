"""The server as a process: its one line, its answers over a socket, and its end at a signal."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest

from grader.errors import BadSettings, UsageError
from grader.settings import Settings
from grader.store import jobs
from grader.store.database import open_database
from grader.web import server
from grader.web.listen import bind, listen, url_of
from grader.web.server import Address, Signals
from tests.grader.web.parts import BEARER, BODY, SECRET, TOKEN, signed

ENVIRONMENT = {"GRADE_WEBHOOK_SECRETS": SECRET, "GRADE_API_TOKENS": TOKEN, "GRADE_SECRET": "a course"}
SLOW = "import time\ndef train(model, loader, criterion, optimizer, epochs):\n    time.sleep({})\n    return []\n"


def start(folder, *arguments, **environment):
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GRADE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "grader.cli", "serve", "--port", "0", *arguments],
        cwd=folder,
        env={**ours, **ENVIRONMENT, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(folder, *arguments, **environment):
    """A server that is ready, and its address; ended for certain."""
    process = start(folder, "--sandbox", "local", "--trust-submissions", *arguments, **environment)
    try:
        line = process.stdout.readline()
        match = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert match, line + process.stderr.read()
        yield process, match[1]
    finally:
        process.kill()
        process.communicate()


def hand_in(url, source, ident="msg_1", **changes):
    raw = json.dumps({**BODY, "source": source, **changes}).encode()
    return httpx.post(f"{url}/webhooks/standard", content=raw, headers=signed(raw, ident))


def until(check, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)
    return found


def status(url):
    return httpx.get(f"{url}/submissions/hw1:ada", headers=BEARER).json()


def states(folder):
    with open_database(folder / "metronome.db") as database, database.read() as connection:
        return {state: number for state, number in jobs.counts(connection).items() if number}


def test_it_grades_what_is_handed_in_and_ends_with_0_at_sigterm(tmp_path):
    with serving(tmp_path) as (process, url):
        assert httpx.get(f"{url}/readyz").status_code == 200
        assert "server" not in httpx.get(f"{url}/healthz").headers
        assert hand_in(url, SLOW.format(0)).status_code == 202
        answer = until(lambda: (got := status(url))["status"] == "done" and got)
        assert answer["report"]["passed"] is False
        page = httpx.get(f"{url}/submissions/hw1:ada/report", headers=BEARER)
        assert page.headers["content-type"].startswith("text/html")
        assert httpx.get(f"{url}/docs").status_code == 200
        numbers = httpx.get(f"{url}/metrics").text
        assert "metronome_grading_seconds_count 1.0" in numbers
        assert 'metronome_gradings_total{verification="none"} 1.0' in numbers
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, "")
    assert "POST /webhooks/standard 202" in errors
    assert "hw1:ada graded: graded, without verification, " in errors
    for secret in (SECRET, TOKEN, "def train", "Traceback"):
        assert secret not in errors


def test_sigterm_lets_what_runs_end(tmp_path):
    with serving(tmp_path) as (process, url):
        hand_in(url, SLOW.format(2))
        until(lambda: status(url)["status"] == "running")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert states(tmp_path) == {"done": 1}


def test_what_runs_too_long_goes_back_to_the_queue_and_is_graded_by_the_next_one(tmp_path):
    (tmp_path / "grade.toml").write_text("[serve]\nshutdown_seconds = 1\n")
    with serving(tmp_path) as (process, url):
        hand_in(url, SLOW.format(20))
        until(lambda: status(url)["status"] == "running")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert states(tmp_path) == {"queued": 1}
    with serving(tmp_path) as (_, url):
        until(lambda: status(url)["status"] == "running")


def test_a_second_signal_ends_it_at_once(tmp_path):
    with serving(tmp_path) as (process, url):
        hand_in(url, SLOW.format(20))
        until(lambda: status(url)["status"] == "running")
        process.send_signal(signal.SIGINT)
        time.sleep(1)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert time.monotonic() - began < 10
    assert states(tmp_path) == {"queued": 1}


def test_a_killed_one_loses_nothing(tmp_path):
    with serving(tmp_path) as (_, url):
        hand_in(url, SLOW.format(20))
        until(lambda: status(url)["status"] == "running")
    assert states(tmp_path) == {"running": 1}


def speak(url, *pieces, pause=0.0):
    """Bytes over a socket of our own, and what comes back until it is closed."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as own:
        for piece in pieces:
            own.sendall(piece)
            time.sleep(pause)
        got = b""
        while piece := own.recv(65536):
            got += piece
        return got


HEAD = b"POST /webhooks/standard HTTP/1.1\r\nHost: x\r\n"


def test_hostile_bodies_over_a_socket(tmp_path):
    (tmp_path / "grade.toml").write_text("[serve]\nbody_seconds = 1\n")
    with serving(tmp_path) as (_, url):
        slow = speak(url, HEAD + b"Content-Length: 100\r\n\r\n{")
        assert slow.startswith(b"HTTP/1.1 408 ")
        large = speak(url, HEAD + b"Content-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)
        assert large.startswith(b"HTTP/1.1 413 ")
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        chunked = speak(url, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", piece * 40 + b"0\r\n\r\n")
        assert chunked.startswith(b"HTTP/1.1 413 ")
        both = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        smuggled = speak(url, HEAD + both + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert smuggled.startswith(b"HTTP/1.1 400 ")
        assert smuggled.count(b"HTTP/1.1 ") == 1
        unsigned = speak(url, HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
        assert unsigned.startswith(b"HTTP/1.1 401 ")
        assert speak(url, b"GARBAGE\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        assert speak(url, b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000 + b"\r\n\r\n").startswith(b"HTTP/1.1 4")
        with socket.create_connection(tuple(url.removeprefix("http://").split(":"))) as leaving:
            leaving.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        assert httpx.get(f"{url}/healthz").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        ([], {"GRADE_WEBHOOK_SECRETS": ""}, "needs GRADE_WEBHOOK_SECRETS, or webhook_secrets"),
        ([], {"GRADE_API_TOKENS": ""}, "needs GRADE_API_TOKENS, or api_tokens"),
        ([], {"GRADE_API_TOKENS": "short"}, "GRADE_API_TOKENS"),
        (["--sandbox", "local"], {}, "--trust-submissions"),
        (["--host", "host.invalid"], {}, "host.invalid:0 cannot be listened on"),
        (["--database", "sqlite:////nope/x.db"], {}, "There is no folder /nope"),
    ],
)
def test_what_is_missing_is_one_sentence_and_2(tmp_path, arguments, environment, words):
    process = start(tmp_path, *arguments, **environment)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (2, "")
    assert words in errors
    assert errors.count("\n") == 1


def test_a_port_in_use_is_one_sentence_and_2(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = start(tmp_path, "--port", str(port))
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use." in errors


def test_a_port_that_was_taken_meanwhile_is_refused_too():
    with bind("127.0.0.1", 0) as one:
        port = one.getsockname()[1]
        with bind("127.0.0.1", port) as other:
            listen(one, "127.0.0.1", port)
            with pytest.raises(UsageError, match=f"127.0.0.1:{port}"):
                listen(other, "127.0.0.1", port)


def test_addresses_are_shown_as_people_type_them():
    with bind("0.0.0.0", 0) as own:
        assert url_of(own, "0.0.0.0") == f"http://localhost:{own.getsockname()[1]}"
    if socket.has_ipv6:
        with bind("::1", 0) as own:
            assert url_of(own, "::1") == f"http://[::1]:{own.getsockname()[1]}"


def test_nothing_is_started_without_secrets(tmp_path):
    with pytest.raises(BadSettings):
        server.serve(Settings(), Address("127.0.0.1", 0), trusted=True, say=print)


def test_signals_are_counted_and_given_back():
    before = signal.getsignal(signal.SIGTERM)
    signals = Signals()
    with signals.heard():
        signal.raise_signal(signal.SIGTERM)
        assert (signals.ending.is_set(), signals.aborting.is_set()) == (True, False)
        signal.raise_signal(signal.SIGINT)
        assert signals.aborting.is_set()
    assert signal.getsignal(signal.SIGTERM) is before
