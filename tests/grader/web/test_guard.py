"""Around a request: what happens when the application under the guard fails."""

import asyncio
import logging
import sys

import httpx
import pytest

from grader.web.guard import Guard, quoted
from grader.web.logs import Contentless, place
from grader.web.metrics import Metrics


def ask(app, method="GET", path="/x", **how):
    async def go():
        transport = httpx.ASGITransport(Guard(app, Metrics()))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, path, **how)

    return asyncio.run(go())


async def fails(scope, receive, send):
    raise RuntimeError("geheim")


async def fails_late(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("geheim")


async def strict(scope, receive, send):
    headers = [(b"content-security-policy", b"default-src 'self'")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def test_a_failure_is_500_with_the_security_headers_and_no_text(caplog):
    response = ask(fails)
    assert response.status_code == 500
    assert response.headers["x-frame-options"] == "DENY"
    assert "RuntimeError at " in caplog.text
    assert "geheim" not in response.text + caplog.text


def test_a_body_with_two_lengths_is_refused_and_the_connection_closed():
    response = ask(strict, "POST", headers={"content-length": "4", "transfer-encoding": "chunked"})
    assert response.status_code == 400
    assert "not both" in response.json()["error"]
    assert response.headers["connection"] == "close"
    assert ask(strict, "POST", headers={"transfer-encoding": "chunked"}).status_code == 204


def test_a_failure_after_the_answer_began_is_not_answered_twice(caplog):
    sent = []

    async def send(message):
        sent.append(message["type"])

    scope = {"type": "http", "method": "GET", "path": "/x"}
    asyncio.run(Guard(fails_late, Metrics())(scope, None, send))
    assert sent == ["http.response.start"]
    assert "RuntimeError" in caplog.text


def test_a_header_that_is_there_is_left_alone():
    response = ask(strict)
    assert response.headers.get_list("content-security-policy") == ["default-src 'self'"]


def test_other_kinds_of_connections_pass():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(Guard(app, Metrics())({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("/a/b:c@d", "/a/b:c@d"), ("a\nb\x1b", "a%0Ab%1B"), ("\ud800", "%3F"), ("x" * 400, "x" * 300)],
)
def test_text_from_outside_stays_on_its_line(text, shown):
    assert quoted(text) == shown


def test_the_log_shows_kind_and_place_of_an_exception_and_not_its_text():
    try:
        raise ValueError("geheim")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "it\nfailed", (), sys.exc_info())
        where = place(error)
    line = Contentless().format(record)
    assert "it failed" in line
    assert where in line
    assert "geheim" not in line
    assert "\n" not in line
