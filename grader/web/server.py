"""`grade serve`: database, engine, sender and HTTP, begun in this order and ended in the other one."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

import uvicorn
from fastapi import FastAPI

from grader.challenge import course_secret
from grader.engine.base import Engine, Graded
from grader.engine.local import LocalEngine
from grader.errors import BadSettings, StoreError
from grader.models import verification_of
from grader.render.words import VERIFIED
from grader.session import Session, side_by_side
from grader.settings import Settings
from grader.store import deliveries
from grader.store.database import Database, open_database
from grader.web import logs
from grader.web.app import make_app
from grader.web.auth import Links
from grader.web.guard import quoted
from grader.web.listen import bind, listen, url_of
from grader.web.metrics import Metrics
from grader.web.outbox import Sender
from grader.web.parts import Parts
from grader.web.patience import Impatient

MOST_CONNECTIONS = 256
LONGEST_HEAD = 16 << 10
HOUSEKEEPING_SECONDS = 86_400.0
_ABORT_SECONDS = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Address:
    """Where to listen; port 0 means any that is free."""

    host: str
    port: int


class Signals:
    """What SIGINT and SIGTERM ask for: the first, to end in good order; the second, at once."""

    def __init__(self) -> None:
        self.ending = threading.Event()
        self.aborting = threading.Event()
        self.hear: Callable[[], None] = lambda: None

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Listen to them, and give them back at the end."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        (self.aborting if self.ending.is_set() else self.ending).set()
        self.hear()


class Http(uvicorn.Server):
    """uvicorn over our socket and our signals; says one line when it is ready."""

    def __init__(self, config: uvicorn.Config, signals: Signals, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._signals = signals
        self._ready = ready
        signals.hear = self._end

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to us: uvicorn would raise them again at its end, and the exit code with them."""
        self._end()
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        self._ready()

    def _end(self) -> None:
        self.should_exit = self._signals.ending.is_set()
        self.force_exit = self._signals.aborting.is_set()


def serve(settings: Settings, address: Address, *, trusted: bool, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM.  `say` hears the one line that tells where.

    Raises UsageError when something is missing, and LaunchError when nothing can be graded.
    """
    _complete(settings)
    logs.configure()
    signals = Signals()
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(bind(address.host, address.port))
        url = url_of(own, address.host)
        public_url = settings.serve.public_url or url
        links = Links(course_secret(settings), public_url, settings.serve.link_hours)
        database = stack.enter_context(open_database(settings.serve.database.get_secret_value()))
        metrics = Metrics()
        sender = Sender(database, settings.serve.callbacks, links, metrics)
        engine = _engine(settings, trusted, database, metrics, sender)
        stack.enter_context(signals.heard())
        stack.callback(lambda: sender.stop(*([1.0] if signals.aborting.is_set() else [])))
        stack.callback(_stop, engine, settings.serve.shutdown_seconds, signals)
        listen(own, address.host, address.port)
        engine.start()
        sender.start()
        _keep_house(database)
        app = make_app(Parts(database, engine, settings.serve, links, metrics))
        Http(_config(app, settings), signals, lambda: say(f"listening on {url}")).run(sockets=[own])
        log.info("stopping")


def _complete(settings: Settings) -> None:
    """A server without secrets would take nothing, and one without tokens would show nothing."""
    for key, variable in (("webhook_secrets", "GRADE_WEBHOOK_SECRETS"), ("api_tokens", "GRADE_API_TOKENS")):
        if not getattr(settings.serve, key):
            raise BadSettings(
                f"`grade serve` needs {variable}, or {key} in the table [serve] of grade.toml; it is not set."
            )


def _engine(
    settings: Settings, trusted: bool, database: Database, metrics: Metrics, sender: Sender
) -> LocalEngine:
    def hear(graded: Graded) -> None:
        report = graded.report
        metrics.graded(report)
        log.info(
            "%s graded: %s, %s, %.1f s",
            quoted(graded.stored.external_id),
            report.outcome,
            VERIFIED[verification_of(report)],
            report.seconds,
        )
        sender.wake()

    first = Session(settings, trusted=trusted, notice=log.warning)
    return LocalEngine(database, side_by_side(first), settings.serve.jobs, hear=hear)


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Impatient,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=LONGEST_HEAD,
        timeout_graceful_shutdown=settings.serve.shutdown_seconds,
    )


def _stop(engine: Engine, seconds: float, signals: Signals) -> None:
    """Let the jobs that run end; after `seconds`, or at a second signal, they go back to the queue."""
    ended = threading.Event()

    def stop() -> None:
        engine.stop()
        ended.set()

    threading.Thread(target=stop, name="stop", daemon=True).start()
    deadline = time.monotonic() + seconds
    while not ended.wait(0.1):
        if signals.aborting.is_set() or time.monotonic() > deadline:
            log.warning("what still runs goes back to the queue")
            threading.Thread(target=engine.stop, kwargs={"abort": True}, daemon=True).start()
            ended.wait(_ABORT_SECONDS)  # past it the leases run out by themselves
            return


def _keep_house(database: Database) -> None:
    """Once a day, forget the ids of old deliveries."""

    def sweep() -> None:
        while True:
            with contextlib.suppress(StoreError), database.write() as connection:
                deliveries.forget_old(connection)
            time.sleep(HOUSEKEEPING_SECONDS)

    threading.Thread(target=sweep, name="housekeeping", daemon=True).start()
