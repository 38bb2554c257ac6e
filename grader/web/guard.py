"""Around every request: security headers, one line of log, and an answer when all else failed."""

from __future__ import annotations

import logging
import secrets
import time
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from grader.web.answers import Refusal, refused
from grader.web.logs import place
from grader.web.metrics import Metrics

log = logging.getLogger("grader.web")
access = logging.getLogger("grader.access")

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
"""What a page of ours may do: be looked at.  Reports narrow it further in a <meta> of their own."""
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
WEBHOOK = "/webhooks/standard"
_SHOWN = 300
_TWO_LENGTHS = {b"content-length", b"transfer-encoding"}


def quoted(text: str) -> str:
    """Text from outside on one line of a log, bounded."""
    return quote(text, safe="/:@+-._~", errors="replace")[:_SHOWN]


def _names(scope: Scope) -> set[bytes]:
    return {name for name, _ in scope.get("headers", ())}


async def _ambiguous(scope: Scope, receive: Receive, send: Send) -> None:
    """A proxy may take another place for the body's end, and what follows for another request."""
    sentence = "A body has a Content-Length or a Transfer-Encoding, not both."
    await refused(Refusal(400, sentence, Connection="close"))(scope, receive, send)


class Guard:
    """ASGI middleware; the outermost one.  Counts what webhook deliveries are answered."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name for name, _ in message["headers"]}
                extra = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in names]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        try:
            app = _ambiguous if _names(scope) >= _TWO_LENGTHS else self._app
            await app(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001 (a fault of ours: the sender gets a number, the log a place)
            ident = secrets.token_hex(4)
            log.error("a request failed, report %s: %s", ident, place(error))
            if not status:
                answer = refused(Refusal(500, f"The server itself failed (report {ident})."))
                await answer(scope, receive, guarded)
        finally:
            if scope["path"] == WEBHOOK and scope["method"] == "POST":
                self._metrics.deliveries.labels(str(status)).inc()
            path = quoted(scope["path"])
            took = 1000 * (time.perf_counter() - began)
            access.info("%s %s %d %.1f ms", scope["method"][:20], path, status, took)
