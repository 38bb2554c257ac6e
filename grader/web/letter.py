"""One attempt to deliver a message: signed as Standard Webhooks asks, bounded in time and bytes."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import certifi
import httpx
from standardwebhooks import Webhook

from grader import __version__
from grader.serving import Callback
from grader.store.outbox import Message
from grader.web.answers import MEDIA, dumps
from grader.web.webhooks import ID, SIGNATURE, TIMESTAMP

CONNECT_SECONDS, TOTAL_SECONDS = 5.0, 15.0
Result = Literal["delivered", "gone", "failed"]
DELIVERED: Final = "delivered"
GONE: Final = "gone"
FAILED: Final = "failed"


@dataclass(frozen=True)
class Sent:
    """What came of an attempt; `reason` is short and shows neither URL nor body."""

    result: Result
    reason: str = ""


def make_client() -> httpx.AsyncClient:
    """A client that goes where it is told and nowhere else: no redirects, no proxies of the environment."""
    trusted = ssl.create_default_context(cafile=certifi.where())
    trusted.load_default_certs()  # and what the operator's machine trusts
    return httpx.AsyncClient(
        verify=trusted,
        timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
        headers={"user-agent": f"metronome/{__version__}"},
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
    )


async def send(client: httpx.AsyncClient, callback: Callback, message: Message, report_url: str) -> Sent:
    """POST a message.  Its id is the same at every attempt; time and signature are new."""
    body = dumps({**message.payload, "report_url": report_url})
    now = datetime.now(UTC)  # the library signs any other time zone wrongly
    headers = {
        "content-type": MEDIA,
        ID: message.id,
        TIMESTAMP: str(int(now.timestamp())),
        SIGNATURE: Webhook(callback.secret.get_secret_value()).sign(message.id, now, body),
    }
    try:
        # httpx bounds each read; only this bounds an endpoint that sends a byte now and then.
        async with (
            asyncio.timeout(TOTAL_SECONDS),
            client.stream("POST", callback.url.get_secret_value(), content=body, headers=headers) as response,
        ):
            status = response.status_code  # the answer's body is nobody's business, and is not read
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        return Sent(FAILED, type(error).__name__)
    if 200 <= status < 300:
        return Sent(DELIVERED)
    return Sent(GONE if status == 410 else FAILED, f"status {status}")
