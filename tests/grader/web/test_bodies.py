"""Bodies are bounded in bytes and seconds, and JSON is read without its ambiguities."""

import asyncio

import pytest
from starlette.requests import Request

from grader.web.answers import Refusal
from grader.web.bodies import DRAINED, MAX_BODY, read_body, strict_json


def request(*messages, headers=(), pause=0.0):
    """A request whose body comes in these messages; the last one is repeated for ever."""
    waiting = list(messages)
    taken = []

    async def receive():
        await asyncio.sleep(pause)
        taken.append(1)
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    made = Request({"type": "http", "method": "POST", "headers": list(headers)}, receive)
    made.state.taken = taken
    return made


def piece(data, more=True):
    return {"type": "http.request", "body": data, "more_body": more}


def read(made, seconds=5.0):
    return asyncio.run(read_body(made, seconds))


def test_a_body_in_pieces_is_put_together():
    assert read(request(piece(b"a"), piece(b""), piece(b"b", more=False))) == b"ab"


def test_a_body_of_exactly_the_limit_is_taken():
    assert len(read(request(piece(b"x" * MAX_BODY, more=False)))) == MAX_BODY


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"5")]])
def test_a_larger_one_is_413_whatever_content_length_says(headers):
    with pytest.raises(Refusal) as caught:
        read(request(piece(b"x" * MAX_BODY), piece(b"x", more=False), headers=headers))
    assert (caught.value.status, caught.value.headers) == (413, {"Connection": "close"})


def test_an_endless_body_is_not_read_for_ever():
    made = request(piece(b"x" * (1 << 20)))
    with pytest.raises(Refusal) as caught:
        read(made)
    assert caught.value.status == 413
    assert len(made.state.taken) <= (MAX_BODY + DRAINED >> 20) + 2


def test_a_slow_body_is_408():
    with pytest.raises(Refusal, match=r"within 0\.1 seconds") as caught:
        read(request(piece(b"x"), pause=0.03), seconds=0.1)
    assert caught.value.status == 408


def test_a_sender_that_leaves_is_no_failure_of_ours():
    with pytest.raises(Refusal) as caught:
        read(request(piece(b"{"), {"type": "http.disconnect"}))
    assert caught.value.status == 400


def test_json_is_read():
    assert strict_json('{"a": [1, "ü"]}'.encode()) == {"a": [1, "ü"]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "line 1, column 1"),
        (b'{"a": 1', "line 1"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'[{"b": {"a": 1, "a": 2}}]', "twice"),
        (b"[NaN]", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"\xef\xbb\xbf{}", "BOM|line 1"),
        (b"\xff", "not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b"1" * 5000, "number is too long"),
    ],
)
def test_json_with_a_flaw_is_400_without_its_content(body, words):
    with pytest.raises(Refusal, match=words) as caught:
        strict_json(body)
    assert caught.value.status == 400


def test_what_a_key_says_is_not_repeated():
    with pytest.raises(Refusal) as caught:
        strict_json(b'{"geheim": 1, "geheim": 2}')
    assert "geheim" not in caught.value.sentence
