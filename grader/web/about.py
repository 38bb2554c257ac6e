"""What the interface's description says: texts, answers and schemas, in OpenAPI's words."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, Response

from grader.web.answers import MEDIA
from grader.web.deliveries import Delivery
from grader.web.metrics import MEDIA as METRICS_MEDIA
from grader.web.reading import Status
from grader.web.webhooks import ID, LONGEST_ID, SIGNATURE, TIMESTAMP

TEXT = (
    "Metronome grades PyTorch training loops. A submission is handed in by a signed webhook and graded in the"
    " background; its report is read here, or sent to a callback."
)
BEARER = "One of the server's API tokens, as the header `Authorization: Bearer TOKEN`."
LINK = "The token of a signed link to one submission, as the server sends it to callbacks."


class Problem(BaseModel):
    """Why a request was not served."""

    model_config = ConfigDict(extra="forbid")

    error: str


class Accepted(BaseModel):
    """A delivery was taken."""

    model_config = ConfigDict(extra="forbid")

    submission_id: str
    status: str
    status_url: str


class Health(BaseModel):
    """All is well."""

    model_config = ConfigDict(extra="forbid")

    status: str


class _Metrics(Response):
    """Only its media type is of interest."""

    media_type = METRICS_MEDIA


# Given as a model it would get the media type of the endpoint's pages.
_PROBLEM = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _answers(**descriptions: str) -> dict[int | str, dict[str, Any]]:
    return {
        int(name.removeprefix("s")): {"content": _PROBLEM, "description": text}
        for name, text in descriptions.items()
    }


def _text(media: str) -> dict[str, Any]:
    return {media: {"schema": {"type": "string"}}}


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": description, "schema": schema}


_UNAVAILABLE = "The database or the grader does not answer; try again later"
_FAILED = "A fault of the server's own"
_READING = _answers(
    s401="Neither a valid token nor a valid link",
    s403="The link is for another submission",
    s404="There is no such submission",
    s500=_FAILED,
    s503=_UNAVAILABLE,
)
_HTML = _text("text/html")

WEBHOOK: dict[str, Any] = {
    "summary": "Hand in a submission",
    "description": (
        "Signed as Standard Webhooks 1.0 asks. The webhook-id is the idempotency key: a delivery that is"
        " repeated gets the first answer again, and is graded once."
    ),
    "status_code": 202,
    "responses": {
        202: {"model": Accepted, "description": "Taken; the report comes later"},
        **_answers(
            s400="The body is not valid JSON",
            s401="The signature is missing, wrong, too old or too new",
            s408="The body came too slowly",
            s413="The body is too large",
            s422="The body is JSON, but no submission of a known exercise",
            s500=_FAILED,
            s503=_UNAVAILABLE,
        ),
    },
    "openapi_extra": {
        "parameters": [
            _header(
                ID,
                "The delivery's id, the same at every attempt.",
                {"type": "string", "maxLength": LONGEST_ID},
            ),
            _header(TIMESTAMP, "When it was sent, in seconds since 1970.", {"type": "string"}),
            _header(SIGNATURE, "`v1,` and the base64 of the HMAC-SHA256.", {"type": "string"}),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Delivery"}}},
        },
    },
}
STATUS: dict[str, Any] = {
    "summary": "The state of a submission",
    "description": "Its place in the queue, or its report.",
    "responses": {200: {"model": Status, "description": "What is known of it"}, **_READING},
}
REPORT: dict[str, Any] = {
    "summary": "The report of a submission, as a page",
    "description": "While there is none, a page that looks again by itself.",
    "responses": {
        200: {"content": _HTML, "description": "The report"},
        202: {"content": _HTML, "description": "Not graded yet"},
        **_READING,
    },
    "response_class": HTMLResponse,
}
HEALTH: dict[str, Any] = {
    "summary": "Whether the process is up",
    "description": "For a supervisor that restarts what hangs.",
    "responses": {200: {"model": Health, "description": "It is"}, **_answers(s500=_FAILED)},
}
READY: dict[str, Any] = {
    "summary": "Whether submissions are taken and graded",
    "description": "The database answers and every worker lives. For a load balancer.",
    "responses": {
        200: {"model": Health, "description": "They are"},
        **_answers(s500=_FAILED, s503="They are not"),
    },
}
METRICS: dict[str, Any] = {
    "summary": "Numbers for Prometheus",
    "description": "They name nobody.",
    "responses": {
        200: {"content": _text(METRICS_MEDIA), "description": "The numbers"},
        **_answers(s500=_FAILED, s503=_UNAVAILABLE),
    },
    "response_class": _Metrics,
}


def corrected(schema: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's description, without the answers it never gives, and with the body that is read by hand."""
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            if method == "get":
                operation["responses"].pop("422", None)
    schemas = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Delivery"] = Delivery.model_json_schema()
    schemas["Problem"] = Problem.model_json_schema()
    return schema
