"""The sender: takes results from the outbox and POSTs them, signed, to their callbacks until they are taken.

It has a thread and an event loop of its own.  Each callback has its own places, so that a slow endpoint
holds up nobody else; while they are taken, what else is due to it is left in the outbox.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Mapping

import httpx

from grader.errors import StoreError
from grader.serving import Callback
from grader.store import outbox
from grader.store.database import Database
from grader.store.outbox import Message
from grader.web.auth import Links
from grader.web.guard import quoted
from grader.web.letter import DELIVERED, FAILED, GONE, TOTAL_SECONDS, Sent, make_client, send
from grader.web.logs import place
from grader.web.metrics import Metrics

PLACES = 8
"""How many messages are under way to one callback."""
LEASE = 60.0
"""Longer than a message can wait for a place and be under way, so that nothing is sent twice at once."""
POLL = 1.0
AFTER_FAILURE = 2.0
assert 2 * TOTAL_SECONDS < LEASE

log = logging.getLogger(__name__)


class Sender:
    """Sends until it is stopped.  What is under way when the process dies is sent again by the next one."""

    def __init__(
        self, database: Database, callbacks: Mapping[str, Callback], links: Links, metrics: Metrics
    ) -> None:
        self._database = database
        self._callbacks = callbacks
        self._links = links
        self._metrics = metrics
        self._places = {name: asyncio.Semaphore(PLACES) for name in callbacks}
        self._underway: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """There is a new message: look at once.  From any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(self._wake.set)
            except RuntimeError:  # it was closed just now
                return

    def stop(self, seconds: float = TOTAL_SECONDS + 5) -> None:
        """Begin nothing new, and wait that long at most for what is under way."""
        self._stopping.set()
        self.wake()
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._send_all())

    async def _send_all(self) -> None:
        """Look for messages that are due, again and again; no failure ends it but `stop`."""
        tasks: set[asyncio.Task[None]] = set()
        async with make_client() as client:
            while not self._stopping.is_set():
                pause = await self._round(client, tasks)
                try:
                    await asyncio.wait_for(self._wake.wait(), pause)
                except TimeoutError:
                    continue
                self._wake.clear()
            if tasks:
                await asyncio.gather(*tasks)

    async def _round(self, client: httpx.AsyncClient, tasks: set[asyncio.Task[None]]) -> float:
        """Take what is due and begin to send it; how long to wait for the next round."""
        try:
            messages = await asyncio.to_thread(self._take)
        except StoreError as error:
            log.error("%s", error)
            return AFTER_FAILURE
        except Exception as error:  # noqa: BLE001 (a fault of ours must not keep results from everybody)
            log.error("the outbox could not be read: %s", place(error))
            return AFTER_FAILURE
        for message in messages:
            self._underway[message.callback] += 1
            task = asyncio.create_task(self._deliver(client, message))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        return 0.0 if messages else POLL

    def _take(self) -> list[Message]:
        """Messages to send now; those that cannot be sent at all become dead letters."""
        with self._database.write() as connection:
            # A last free place may get PLACES messages; those that wait for one go out within a round.
            full = [name for name, number in self._underway.items() if number >= PLACES]
            messages = outbox.take_due(connection, PLACES, LEASE, leave=full)
            off = outbox.switched_off(connection) if messages else set()
            for name in {message.callback for message in messages}:
                if name not in self._callbacks:
                    outbox.bury(connection, name, "no callback of that name is configured")
                elif name in off:
                    outbox.bury(connection, name, "the endpoint is switched off since it answered 410 Gone")
        return [m for m in messages if m.callback in self._callbacks and m.callback not in off]

    async def _deliver(self, client: httpx.AsyncClient, message: Message) -> None:
        try:
            async with self._places[message.callback]:
                if self._stopping.is_set():
                    return
                sent = await self._attempt(client, message)
                await asyncio.to_thread(self._record, message, sent)
            self._tell(message, sent)
        except StoreError as error:
            log.error("%s", error)  # the message comes again; its id tells the endpoint that it is the same
        finally:
            self._underway[message.callback] -= 1
            self._wake.set()  # there is a place again

    async def _attempt(self, client: httpx.AsyncClient, message: Message) -> Sent:
        callback = self._callbacks[message.callback]
        try:
            return await send(client, callback, message, self._links.report(message.external_id))
        except Exception as error:  # noqa: BLE001 (a fault of ours counts as an attempt: it must end some day)
            log.error("a message could not be sent: %s", place(error))
            return Sent(FAILED, f"a fault of the grader's own: {type(error).__name__}")

    def _record(self, message: Message, sent: Sent) -> None:
        with self._database.write() as connection:
            if sent.result == DELIVERED:
                outbox.delivered(connection, message)
            elif sent.result == GONE:
                outbox.gone(connection, message)
            else:
                outbox.failed(connection, message, sent.reason)

    def _tell(self, message: Message, sent: Sent) -> None:
        self._metrics.callbacks.labels(sent.result).inc()
        say = log.warning if sent.result == FAILED else log.info
        say(
            "%s to %s for %s: %s, attempt %d%s",
            message.id,
            message.callback,
            quoted(message.external_id),
            sent.result,
            message.attempts + 1,
            f" ({sent.reason})" if sent.reason else "",
        )
