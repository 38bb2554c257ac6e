"""The endpoints.  What blocks runs in threads: FastAPI takes one for each `def`, the webhook asks for its own."""

from __future__ import annotations

from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Path, Request, Security
from fastapi.security import APIKeyQuery, HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import HTMLResponse, Response

from grader.store import outbox
from grader.store.deliveries import Answer
from grader.web import about, pages
from grader.web.answers import MEDIA, Refusal, answer
from grader.web.auth import admit
from grader.web.bodies import read_body, strict_json
from grader.web.deliveries import ID_PATTERN, accept, understood
from grader.web.guard import WEBHOOK
from grader.web.metrics import MEDIA as METRICS_MEDIA
from grader.web.parts import Parts
from grader.web.reading import find, status_of
from grader.web.webhooks import verify

router = APIRouter()
_DELIVERIES = CapacityLimiter(16)
"""Threads for deliveries alone: however many of them wait for the database, readers find theirs free."""

_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description=about.BEARER)
_link = APIKeyQuery(name="token", auto_error=False, scheme_name="link", description=about.LINK)


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def _reader(
    parts: Annotated[Parts, Depends(_parts)],
    submission_id: Annotated[str, Path(description="Its id.", json_schema_extra={"pattern": ID_PATTERN})],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    link: Annotated[str | None, Security(_link)],
) -> str:
    """The id of a submission, once its reader has been let in."""
    admit(submission_id, bearer.credentials if bearer else None, link, parts.serve.api_tokens, parts.links)
    return submission_id


Connected = Annotated[Parts, Depends(_parts)]
Readable = Annotated[str, Depends(_reader)]


@router.post(WEBHOOK, **about.WEBHOOK)
async def hand_in(request: Request, parts: Connected) -> Response:
    """Take a delivery; its body is bounded before anything looks at it."""
    body = await read_body(request, parts.serve.body_seconds)
    kept = await to_thread.run_sync(_taken, parts, request.headers.raw, body, limiter=_DELIVERIES)
    parts.engine.wake()
    return Response(kept.body, kept.status, media_type=MEDIA)


def _taken(parts: Parts, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
    """All that a delivery goes through once its body is there."""
    ident = verify(headers, body, parts.serve.webhook_secrets)
    delivery = understood(strict_json(body), parts.serve.callbacks)
    return accept(parts.database, parts.engine, parts.links, ident, delivery)


@router.get("/submissions/{submission_id}", **about.STATUS)
def status(parts: Connected, submission: Readable) -> Response:
    """What is known of a submission."""
    return answer(status_of(find(parts.database, submission)))


@router.get("/submissions/{submission_id}/report", **about.REPORT)
def report(parts: Connected, submission: Readable) -> HTMLResponse:
    """The report, or the wait for it."""
    found = find(parts.database, submission)
    if found.report is None:
        return pages.waiting_page(found.stored.state, found.ahead)
    return pages.report_page(found.report)


@router.get("/healthz", **about.HEALTH)
async def healthz() -> Response:
    """The event loop turns."""
    return answer({"status": "ok"})


@router.get("/readyz", **about.READY)
def readyz(parts: Connected) -> Response:
    """The database answers and the workers live."""
    with parts.database.read() as connection:
        outbox.counts(connection)
    if not parts.engine.alive():
        raise Refusal(503, "The workers are not running.")
    return answer({"status": "ok"})


@router.get("/metrics", **about.METRICS)
def metrics(parts: Connected) -> Response:
    """Numbers of this process and of the database."""
    return Response(parts.metrics.text(parts.database), media_type=METRICS_MEDIA)
