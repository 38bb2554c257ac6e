"""Verifies that a delivery was signed with one of our secrets (Standard Webhooks 1.0), and is new.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from grader.web.answers import Refusal

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
LONGEST_ID, LONGEST_SIGNATURE = 256, 2048
WINDOW_MINUTES = 5
"""How far a timestamp may be from our clock; the library's own constant."""


def verify(headers: Sequence[tuple[bytes, bytes]], body: bytes, secrets: Sequence[SecretStr]) -> str:
    """The delivery's id, when its signature is right under one of `secrets`.  Raises Refusal with status 401."""
    ident, timestamp, signature = (_only(headers, name) for name in (ID, TIMESTAMP, SIGNATURE))
    if len(ident) > LONGEST_ID or not ident.isprintable() or ident != ident.strip():
        raise Refusal(401, f"The header {ID} is longer than {LONGEST_ID} characters, or not printable.")
    # Whole seconds only: a fraction would not be signed, and float() takes "nan" and "1e9".
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise Refusal(401, f"The header {TIMESTAMP} must be the time in whole seconds since 1970.")
    if len(signature) > LONGEST_SIGNATURE:
        raise Refusal(401, f"The header {SIGNATURE} is too long.")
    given = {ID: ident, TIMESTAMP: timestamp, SIGNATURE: _versions(signature)}
    reason = "No matching signature found"
    for secret in secrets:
        try:
            Webhook(secret.get_secret_value()).verify(body, given, json_parse=False)
        except WebhookVerificationError as error:
            reason = str(error)
        except ValueError:  # binascii.Error and UnicodeDecodeError are ones
            reason = "The signature is malformed, or the body is not UTF-8"
        else:
            return ident
    raise Refusal(401, f"{reason}.")


def _only(headers: Sequence[tuple[bytes, bytes]], name: str) -> str:
    """The one value of a header, as text."""
    values = [value for key, value in headers if key.lower() == name.encode()]
    if len(values) != 1 or not values[0]:
        raise Refusal(401, f"The header {name} is missing, empty or repeated.")
    try:
        return values[0].decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(401, f"The header {name} is not UTF-8.") from None


def _versions(signature: str) -> str:
    """The signatures of version 1; the library stumbles over ones of a form it does not know."""
    return " ".join(one for one in signature.split(" ") if one.startswith("v1,")) or "none,none"
