"""Answers: JSON that is always ASCII, and a refusal as an exception with one sentence."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

MEDIA = "application/json"


class Refusal(Exception):  # noqa: N818 (what it is, not that it is an error)
    """A request is answered with that status and sentence."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def dumps(value: Any) -> str:
    """JSON in ASCII: lone surrogates, which UTF-8 does not know, stay escaped."""
    return json.dumps(value, allow_nan=False)


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(dumps(value), status, media_type=MEDIA)


def refused(refusal: Refusal) -> Response:
    """The answer that a refusal is."""
    return Response(
        dumps({"error": refusal.sentence}), refusal.status, headers=refusal.headers, media_type=MEDIA
    )
