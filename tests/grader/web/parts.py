"""A server's parts with an engine that grades nothing, and a client that signs what it delivers."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from grader.models import Report, Score
from grader.serving import Serve
from grader.store import jobs, outbox
from grader.web.app import make_app
from grader.web.auth import Links
from grader.web.metrics import Metrics
from grader.web.parts import Parts

SECRET, OLD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_b2xkIHNlY3JldCBvZiBvdXJz"
FOREIGN_SECRET = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA=="
CALLBACK_SECRET = "whsec_dGhlIHNlY3JldCBvZiBhIGNhbGxiYWNr"
TOKEN, OTHER_TOKEN = "token-of-an-instructor", "token-of-a-dashboard"
BEARER = {"authorization": f"Bearer {TOKEN}"}
COURSE_SECRET = b"c" * 32
PUBLIC_URL = "https://grader.example.org"
SOURCE = "def train(model, loader, criterion, optimizer, epochs):\n    return []\n"
BODY = {
    "submission_id": "hw1:ada",
    "student_id": "ada",
    "exercise": "linreg-torch",
    "filename": "loop.py",
    "source": SOURCE,
}


def serve(**changes):
    fields = {
        "webhook_secrets": [OLD_SECRET, SECRET],
        "api_tokens": [OTHER_TOKEN, TOKEN],
        "public_url": PUBLIC_URL,
        "callbacks": {"lms": {"url": "http://127.0.0.1:9/hook", "secret": CALLBACK_SECRET}},
    }
    return Serve.model_validate({**fields, **changes})


class FakeEngine:
    """Grades nothing; `finish` does a job by hand."""

    def __init__(self, database):
        self._database = database
        self.woken = 0
        self.lives = True
        self.failure = None

    def start(self):
        pass

    def wake(self):
        self.woken += 1

    def alive(self):
        return self.lives

    def stop(self, *, abort=False):
        pass

    def key_of(self, submission):
        if self.failure:
            raise self.failure
        return submission.sha256

    def finish(self, **changes):
        """Give the oldest job a report, as an engine would."""
        with self._database.write() as connection:
            claimed = jobs.claim(connection, "fake", 60)
            assert claimed is not None
            made = report(claimed.stored.submission, **changes)
            assert jobs.finish(connection, claimed, made, claimed.stored.key)
            outbox.post(connection, claimed.stored, made)
        return made


def report(submission, **changes):
    fields = {
        "grader_version": "0.1.0",
        "report_id": "3f2a91bc",
        "exercise": submission.exercise,
        "exercise_title": "A line",
        "exercise_version": 1,
        "filename": submission.filename,
        "sha256": submission.sha256,
        "student": submission.student,
        "outcome": "graded",
        "passed": True,
        "score": Score(points=10.0, max=10.0),
        "summary": "All is well.",
        "findings": (),
        "requirements": (),
    }
    return Report(**{**fields, **changes})


def make_parts(database, engine=None, **changes):
    settings = serve(**changes)
    links = Links(COURSE_SECRET, PUBLIC_URL, settings.link_hours)
    return Parts(database, engine or FakeEngine(database), settings, links, Metrics())


class Client:
    """Speaks to the application without a network."""

    def __init__(self, parts):
        self.parts = parts
        self.app = make_app(parts)

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def request(self, method, path, **how):
        async def ask():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
                return await client.request(method, path, **how)

        return asyncio.run(ask())

    def deliver(self, body=None, ident="msg_1", **how):
        """POST a delivery; `body` is an object, text or bytes."""
        raw = body if isinstance(body, bytes) else text_of(BODY if body is None else body).encode()
        return self.request("POST", "/webhooks/standard", content=raw, headers=signed(raw, ident, **how))

    def submissions(self):
        with self.parts.database.read() as connection:
            return sum(jobs.counts(connection).values())


def text_of(body):
    return body if isinstance(body, str) else json.dumps(body)


def signed(raw, ident="msg_1", secret=SECRET, at=None):
    """Headers for a body; `at` is seconds since the epoch."""
    at = int(time.time()) if at is None else at
    signature = Webhook(secret).sign(ident, datetime.fromtimestamp(at, UTC), raw.decode("utf-8"))
    return {
        "content-type": "application/json",
        "webhook-id": ident,
        "webhook-timestamp": str(at),
        "webhook-signature": signature,
    }
