"""What `grade serve` may be told from outside: the table `[serve]` of grade.toml and its variables.

    [serve]
    database = "sqlite:///metronome.db"          # or postgresql://USER@HOST/NAME
    public_url = "https://grader.example.org"    # what links begin with
    webhook_secrets = ["whsec_…"]                # several while one is being replaced
    api_tokens = ["…"]                           # bearer tokens for reading results
    link_hours = 720
    jobs = 4
    body_seconds = 10
    shutdown_seconds = 60

    [serve.callbacks.lms]                        # where results are sent, by name
    url = "https://lms.example.org/hooks/grades"
    secret = "whsec_…"

GRADE_DATABASE, GRADE_PUBLIC_URL, GRADE_WEBHOOK_SECRETS, GRADE_API_TOKENS (separated by white space) and
GRADE_CALLBACKS (a JSON object like the table) win over the file.  No message shows a value: most are secret.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from grader.errors import BadSettings

KEY = "serve"
VARIABLES = {
    "GRADE_DATABASE": "database",
    "GRADE_PUBLIC_URL": "public_url",
    "GRADE_WEBHOOK_SECRETS": "webhook_secrets",
    "GRADE_API_TOKENS": "api_tokens",
    "GRADE_CALLBACKS": "callbacks",
}
MOST_JOBS = 8
"""How many jobs run at once where nobody says: as many as there are processors, but not more than this."""
SHORTEST_SECRET, SHORTEST_TOKEN = 16, 16
"""Bytes of a webhook secret, characters of a bearer token."""
_PREFIX = "whsec_"
_SQLITE = "sqlite:///"


def processors() -> int:
    """How many jobs run at once where nobody says."""
    return min(MOST_JOBS, os.cpu_count() or 1)


def _secret(value: object) -> object:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or not text.startswith(_PREFIX):
        raise ValueError("no webhook secret")
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("no base64") from error
    if len(key) < SHORTEST_SECRET:
        raise ValueError("too short")
    return value


def _token(value: object) -> object:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or not re.fullmatch(rf"[!-~]{{{SHORTEST_TOKEN},}}", text):
        raise ValueError("no token")
    return value


def _url(value: object) -> object:
    """An absolute http or https URL; strict enough that no client can read it differently."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or not re.fullmatch(r"[!-~]+", text):
        raise ValueError("no URL")
    parts = urlsplit(text)  # ValueError for a bad IPv6 address
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("no URL of the web")
    return value


def _base_url(value: object) -> object:
    _url(value)
    assert isinstance(value, str)
    parts = urlsplit(value)
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("more than a base")
    return value.rstrip("/")


def _database(value: object) -> object:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or "://" not in text:
        raise ValueError("no database URL")
    return value


def _tuple(value: object) -> object:
    """TOML and JSON have lists; pydantic's strict mode would not take one for a tuple."""
    return tuple(value) if isinstance(value, list) else value


WebhookSecret = Annotated[SecretStr, BeforeValidator(_secret)]
Token = Annotated[SecretStr, BeforeValidator(_token)]
Name = Annotated[str, Field(pattern=r"\A[a-z0-9-]{1,100}\z")]


class Callback(BaseModel):
    """An endpoint that results are sent to (some URLs hold a password), and the secret they are signed with."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    url: Annotated[SecretStr, BeforeValidator(_url)]
    secret: WebhookSecret


class Serve(BaseModel):
    """The table `[serve]`; immutable.  Its secrets are not shown by repr or JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    database: Annotated[SecretStr, BeforeValidator(_database)] = SecretStr("sqlite:///metronome.db")
    public_url: Annotated[str, BeforeValidator(_base_url)] | None = None
    webhook_secrets: Annotated[tuple[WebhookSecret, ...], BeforeValidator(_tuple)] = ()
    api_tokens: Annotated[tuple[Token, ...], BeforeValidator(_tuple)] = ()
    link_hours: Annotated[int, Field(ge=1, le=87_600)] = 720
    jobs: Annotated[int, Field(ge=1, le=256)] = Field(default_factory=processors)
    body_seconds: Annotated[int, Field(ge=1, le=600)] = 10
    shutdown_seconds: Annotated[int, Field(ge=1, le=86_400)] = 60
    callbacks: dict[Name, Callback] = Field(default_factory=dict)


_SECRET_FORM = f'"{_PREFIX}" followed by base64 of at least {SHORTEST_SECRET} bytes'
_EXPECTED = {
    "database": "a URL such as sqlite:///metronome.db or postgresql://USER@HOST/NAME",
    "public_url": "an http or https URL with a host, and no user, query or fragment",
    "webhook_secrets": f"a list of texts, each {_SECRET_FORM}",
    "api_tokens": f"a list of texts of at least {SHORTEST_TOKEN} visible ASCII characters each",
    "link_hours": "a whole number from 1 to 87600",
    "jobs": "a whole number from 1 to 256",
    "body_seconds": "a whole number from 1 to 600",
    "shutdown_seconds": "a whole number from 1 to 86400",
    "callbacks": "a table of callbacks, each with `url` and `secret`",
}
_EXPECTED_OF_CALLBACK = {
    "url": "an http or https URL with a host",
    "secret": _SECRET_FORM,
}


def check(table: object, where: Callable[[str], str]) -> None:
    """Check a `[serve]` table by itself; `where` says where a key's value came from, for messages.

    Raises BadSettings.
    """
    try:
        Serve.model_validate(table)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        raise BadSettings(_sentence(problem["type"], problem["loc"], where)) from None


def _sentence(kind: str, place: tuple[int | str, ...], where: Callable[[str], str]) -> str:
    """What is wrong, without the value."""
    if not place:
        return f"{where('')}: must be a table."
    key = str(place[0])
    if key not in _EXPECTED:
        close = difflib.get_close_matches(key, _EXPECTED, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(_EXPECTED)}."
        return f"{where(key)}: unknown key; {hint}"
    if key != "callbacks" or len(place) == 1:
        which = f" (number {place[1] + 1})" if len(place) > 1 and isinstance(place[1], int) else ""
        return f"{where(key)}{which}: must be {_EXPECTED[key]}."
    name, field = str(place[1]), str(place[2]) if len(place) > 2 else ""
    if field == "[key]":
        return f"{where(key)}: the name {name!r} must be 1 to 100 of a-z, 0-9 and '-'."
    if not field:
        return f"{where(f'{key}.{name}')}: must be a table with `url` and `secret`."
    if field not in _EXPECTED_OF_CALLBACK:
        return f"{where(f'{key}.{name}.{field}')}: unknown key; there are: url, secret."
    problem = "is missing; it must be" if kind == "missing" else "must be"
    return f"{where(f'{key}.{name}.{field}')}: {problem} {_EXPECTED_OF_CALLBACK[field]}."


def from_variables(environ: Mapping[str, str]) -> dict[str, Any]:
    """The keys that the environment sets; an empty variable counts as not set.  Raises BadSettings."""
    table: dict[str, Any] = {}
    for name, key in VARIABLES.items():
        text = environ.get(name)
        if not text:
            continue
        table[key] = text.split() if key in ("webhook_secrets", "api_tokens") else text
        if key == "callbacks":
            table[key] = _json(name, text)
        check({key: table[key]}, lambda _, name=name: _named(name, _))  # type: ignore[misc]
    return table


def _named(variable: str, key: str) -> str:
    """The variable, and what inside of it (GRADE_CALLBACKS alone has an inside)."""
    inside = key.partition(".")[2]
    return f"{variable}: {inside}" if inside else variable


def _json(name: str, text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadSettings(f"{name}: is not valid JSON; it must be {_EXPECTED['callbacks']}.") from None


def anchored(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The table with a relative SQLite file in `database` taken from `folder`."""
    database = table.get("database")
    if not isinstance(database, str) or not database.startswith(_SQLITE):
        return dict(table)
    path = Path(database.removeprefix(_SQLITE)).expanduser()
    return {**table, "database": f"{_SQLITE}{folder / path}"}


def changed(serve: Serve, **options: object) -> Serve:
    """`serve` with those options that are not None.  Raises BadSettings naming the option."""
    given = {key: value for key, value in options.items() if value is not None}
    check(given, lambda key: "--" + key.replace("_", "-"))
    return Serve.model_validate({**serve.model_dump(), **given})
