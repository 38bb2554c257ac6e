"""Reads a request's body, bounded in bytes and seconds, and JSON without its ambiguities."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from grader.web.answers import Refusal

MAX_BODY = 2 << 20
DRAINED = 16 << 20
"""How much more is read and thrown away, so that a sender who is still writing gets our answer."""


async def read_body(request: Request, seconds: float) -> bytes:
    """The whole body.  Raises Refusal: 413 over MAX_BODY, 408 after `seconds`, 400 when the sender left.

    Bytes are counted as they come: Content-Length may lie or be absent.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                size += len(piece)
                if size <= MAX_BODY:
                    pieces.append(piece)
                elif size > MAX_BODY + DRAINED:
                    break
    except TimeoutError:
        raise Refusal(
            408, f"The body did not arrive within {seconds:g} seconds.", Connection="close"
        ) from None
    except ClientDisconnect:
        raise Refusal(400, "The sender left before the body was complete.", Connection="close") from None
    if size > MAX_BODY:
        raise Refusal(413, f"The body is larger than {MAX_BODY >> 20} MiB.", Connection="close")
    return b"".join(pieces)


def strict_json(body: bytes) -> Any:
    """The JSON value; a key twice, NaN, a BOM or absurd depth is refused with status 400."""
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise Refusal(400, "The body is JSON nested too deeply.") from None
    except ValueError as error:
        raise Refusal(400, f"The body is not valid JSON: {_reason(error)}.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _reason(error: ValueError) -> str:
    """Where it is wrong, without the content."""
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return (
        str(error) if "stands twice" in str(error) or "is not JSON" in str(error) else "a number is too long"
    )
