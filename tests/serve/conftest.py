"""A server in a process of its own, a sender that signs as a learning platform does, and a receiver of callbacks."""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

INCOMING = "whsec_" + base64.b64encode(b"incoming secret!" * 2).decode()
OUTGOING = "whsec_" + base64.b64encode(b"outgoing secret!" * 2).decode()
TOKEN = "a-token-for-reading-results"
READY_SECONDS = 60.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Receiver:
    """An endpoint for callbacks; it fails about a third of its requests, and checks every signature."""

    def __init__(self, failing: float = 1 / 3, seed: int = 7) -> None:
        self.taken: defaultdict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
        self.refused = 0
        self.forged: list[str] = []
        self._chance, self._lock = random.Random(seed), threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = outer._take(body, dict(self.headers.items()), failing)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/grades"

    def _take(self, body: bytes, headers: dict[str, str], failing: float) -> int:
        with self._lock:
            try:
                Webhook(OUTGOING).verify(body, headers)
            except WebhookVerificationError as error:
                self.forged.append(str(error))
                return 401
            if self._chance.random() < failing:
                self.refused += 1
                return 503
            told = json.loads(body)
            lowered = {name.lower(): value for name, value in headers.items()}
            self.taken[told["submission_id"]].append((lowered["webhook-id"], told))
        return 204

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that fails a third of its requests."""
    made = Receiver()
    yield made
    made.close()


class Server:
    """`grade serve`, started, killed and started again on one port and one database."""

    def __init__(self, home: Path, database: str, callback: str, *more: str) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._more = [*more, "--database", database, "--port", str(self.port)]
        self._callback = callback
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it says that it listens."""
        (self.home / "tmp").mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GRADE_", "XDG_"))}
        own = {
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "OMP_NUM_THREADS": "1",
            "GRADE_SECRET": "5e" * 32,
            "GRADE_WEBHOOK_SECRETS": INCOMING,
            "GRADE_API_TOKENS": TOKEN,
            "GRADE_CALLBACKS": json.dumps({"lms": {"url": self._callback, "secret": OUTGOING}}),
        }
        with (self.home / "log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "grader.cli", "serve", *self._more],
                cwd=self.home,
                env={**kept, **own},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said == f"listening on {self.url}\n", (said, self.log()[-2000:])

    def log(self) -> str:
        """All that it wrote on stderr."""
        return (self.home / "log").read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(90)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def get(self, path: str) -> httpx.Response:
        """Ask with the bearer token."""
        return httpx.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers, which are ended at the end."""
    made: list[Server] = []

    def make(database: str, callback: str, *more: str) -> Server:
        home = tmp_path / f"home{len(made)}"
        home.mkdir()
        made.append(Server(home, database, callback, *more))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None and server.process.poll() is None:
            server.end(signal.SIGKILL)


def delivery(ident: str, source: str, exercise: str = "linreg-torch", callback: str | None = "lms") -> bytes:
    """A delivery's body."""
    fields = {
        "submission_id": ident,
        "student_id": f"student of {ident}",
        "exercise": exercise,
        "filename": "loop.py",
        "source": source,
        "callback": callback,
    }
    return json.dumps(fields).encode()


def signed(webhook_id: str, body: bytes, secret: str = INCOMING) -> dict[str, str]:
    """The headers of a delivery sent now."""
    now = datetime.now(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body.decode()),
    }


def deliver(
    client: httpx.Client, url: str, webhook_id: str, body: bytes, seconds: float = 120
) -> httpx.Response:
    """Send a delivery as a platform does: again until it is taken."""
    until = time.monotonic() + seconds
    while True:
        try:
            answer = client.post(f"{url}/webhooks/standard", content=body, headers=signed(webhook_id, body))
            if answer.status_code < 500:
                return answer
        except httpx.TransportError:
            pass
        assert time.monotonic() < until, "the server takes nothing"
        time.sleep(0.2)


def wait_for(condition: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Wait until it holds; `what` says what was missing."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what()
        time.sleep(0.1)


@contextmanager
def client() -> Iterator[httpx.Client]:
    """A client of many connections."""
    with httpx.Client(timeout=30, limits=httpx.Limits(max_connections=32), trust_env=False) as made:
        yield made
