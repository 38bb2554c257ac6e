"""A delivery: one submission, handed in by webhook, kept together with the answer to its id."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from grader.engine.base import Engine
from grader.errors import StoreError
from grader.exercise import slugs
from grader.ingest.loop import MAX_SOURCE, python_in
from grader.models import Submission
from grader.store import deliveries
from grader.store.database import Database, is_conflict
from grader.store.deliveries import Answer
from grader.store.submissions import HandedIn, keep
from grader.web.answers import Refusal, dumps
from grader.web.auth import Links

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,199}$"
TRIES = 3
"""How often two deliveries may get into each other's way before the sender is asked to come back."""
MOST_PROBLEMS = 10
"""How many mistakes of a delivery are told."""
_LONGEST = 200
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _line(text: str) -> str:
    """One line that looks like what it is: no control characters, none that turn the text around."""
    if not text.strip() or _BIDI.search(text):
        raise ValueError("not printable")
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
        raise ValueError("not printable")
    return text


def _source(text: str) -> str:
    if len(text.encode()) > MAX_SOURCE:  # UnicodeEncodeError, a ValueError, for a lone surrogate
        raise ValueError("too long")
    return text


Line = Annotated[str, Field(min_length=1, max_length=_LONGEST), AfterValidator(_line)]


class Delivery(BaseModel):
    """The body of a delivery."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    submission_id: str = Field(
        pattern=ID_PATTERN,
        description="Your name for it. Another file under the same name is a new revision.",
    )
    student_id: Line = Field(description="Whose file it is; every student meets data of their own.")
    exercise: str = Field(description="The slug of an exercise, such as linreg-torch.")
    filename: Line = Field(description="The file's name, for the report.")
    source: Annotated[str, AfterValidator(_source)] = Field(
        description=f"The file's text, at most {MAX_SOURCE >> 20} MiB in UTF-8."
    )
    callback: str | None = Field(
        default=None, description="The name of a configured callback that the result is sent to."
    )


_TEXT = f"must be 1 to {_LONGEST} printable characters on one line"
_EXPECTED = {
    "submission_id": "must be 1 to 200 of A-Z, a-z, 0-9 and . _ : @ + -, beginning with a letter or digit",
    "student_id": _TEXT,
    "exercise": "must be the slug of an exercise, as a text",
    "filename": _TEXT,
    "source": f"must be a text of at most {MAX_SOURCE >> 20} MiB in UTF-8",
    "callback": "must be the name of a callback, or null",
}


def understood(value: Any, callbacks: Collection[str]) -> Delivery:
    """The delivery that a JSON value is.  Raises Refusal with status 422, a sentence for each mistake."""
    try:
        delivery = Delivery.model_validate(_told(value))
    except ValidationError as error:
        problems = [_sentence(one["type"], one["loc"]) for one in error.errors(include_input=False)]
        raise Refusal(422, " ".join(problems[:MOST_PROBLEMS])) from None
    known = slugs()
    if delivery.exercise not in known:
        raise Refusal(422, f"exercise: there is none of that name; there are: {', '.join(known)}.")
    if delivery.callback is not None and delivery.callback not in callbacks:
        raise Refusal(422, "callback: none of that name is configured.")
    return delivery


def _told(value: Any) -> Any:
    """`value` with no more unknown keys than are told of: each of 200 000 would be an error of its own."""
    if not isinstance(value, dict):
        return value
    many = set([key for key in value if key not in _EXPECTED][MOST_PROBLEMS:])
    return {key: field for key, field in value.items() if key not in many}


def _sentence(kind: str, place: tuple[int | str, ...]) -> str:
    if not place:
        return "A key is not valid text." if kind == "string_unicode" else "The body must be a JSON object."
    key = str(place[0])
    if kind == "missing":
        return f"{key}: is missing; it {_EXPECTED[key]}."
    if key not in _EXPECTED:
        return f"{key[:50]!a}: is not known; there are: {', '.join(_EXPECTED)}."
    return f"{key}: {_EXPECTED[key]}."


def accept(database: Database, engine: Engine, links: Links, webhook_id: str, delivery: Delivery) -> Answer:
    """Keep a delivery and its answer in one transaction; the first answer again when the id is known.

    Raises StoreError and other MetronomeErrors; then nothing is kept.
    """
    source, problem = python_in(delivery.filename, delivery.source.encode())
    file = Submission(
        filename=delivery.filename, source=source, exercise=delivery.exercise, student=delivery.student_id
    )
    handed_in = HandedIn(delivery.submission_id, file, problem, delivery.callback)
    key = engine.key_of(file)
    for tried in range(TRIES):
        try:
            return _keep(database, links, webhook_id, handed_in, key)
        except StoreError as error:
            if not is_conflict(error) or tried == TRIES - 1:
                raise
    raise AssertionError


def _keep(database: Database, links: Links, webhook_id: str, handed_in: HandedIn, key: str) -> Answer:
    with database.write() as connection:
        first = deliveries.first_answer(connection, webhook_id)
        if first is not None:
            return first
        stored = keep(connection, handed_in, key)
        body = {
            "submission_id": stored.external_id,
            "status": stored.state,
            "status_url": links.status(stored.external_id),
        }
        answer = Answer(202, dumps(body))
        deliveries.remember(connection, webhook_id, answer)
    return answer
