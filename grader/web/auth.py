"""Who may read a submission: bearers of a token, and holders of a signed link to that one submission."""

from __future__ import annotations

import hmac
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import jwt
from pydantic import SecretStr

from grader.web.answers import Refusal

_LABEL = b"metronome report links 1"
_AUDIENCE = "report"
_ALGORITHM = "HS256"
_LONGEST_TOKEN = 2000


class Links:
    """Makes and reads signed links.  Their key comes from the course secret and is good for nothing else."""

    def __init__(self, course_secret: bytes, public_url: str, hours: float) -> None:
        self._key = hmac.digest(course_secret, _LABEL, "sha256")
        self._public_url = public_url
        self._seconds = hours * 3600

    def status(self, external_id: str) -> str:
        """The address of a submission's status, without a token."""
        return f"{self._public_url}/submissions/{quote(external_id, safe='')}"

    def report(self, external_id: str) -> str:
        """The address of a submission's report, which opens it to whoever has it, for a while."""
        return f"{self.status(external_id)}/report?token={self.token(external_id)}"

    def token(self, external_id: str) -> str:
        """A token for one submission."""
        claims = {"sub": external_id, "aud": _AUDIENCE, "exp": int(time.time() + self._seconds)}
        return jwt.encode(claims, self._key, _ALGORITHM)

    def read(self, token: str) -> str | None:
        """The submission that a token is for; None when it is forged or has expired."""
        if len(token) > _LONGEST_TOKEN:
            return None
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["exp", "sub", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        return str(claims["sub"])


def is_token(given: str, tokens: Sequence[SecretStr]) -> bool:
    """Whether it is one of the bearer tokens; the time it takes says nothing of them."""
    raw = given.encode("utf-8", "surrogatepass")
    found = [hmac.compare_digest(raw, token.get_secret_value().encode()) for token in tokens]
    return any(found)


def admit(
    external_id: str, bearer: str | None, link: str | None, tokens: Sequence[SecretStr], links: Links
) -> None:
    """Let a reader of that submission in.  Raises Refusal: 401 without proof, 403 for another's link."""
    if bearer is not None and is_token(bearer, tokens):
        return
    subject = links.read(link) if link is not None else None
    if subject is None:
        raise Refusal(
            401,
            "Send a valid bearer token, or follow a signed link that has not expired.",
            WWW_Authenticate="Bearer",
        )
    if subject != external_id:
        raise Refusal(403, "This link is for another submission.")
