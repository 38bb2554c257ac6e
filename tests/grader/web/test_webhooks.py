"""Deliveries are believed when they are signed, new and whole, and otherwise answered with 401."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.web.answers import Refusal
from grader.web.webhooks import verify
from tests.grader.web.parts import BODY, FOREIGN_SECRET, OLD_SECRET, SECRET, serve, signed, text_of

RAW = text_of(BODY).encode()
SECRETS = serve().webhook_secrets


def raw_headers(headers):
    return [
        (key.encode(), value.encode() if isinstance(value, str) else value) for key, value in headers.items()
    ]


def check(headers, body=RAW):
    return verify(raw_headers(headers), body, SECRETS)


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_any_of_the_secrets_will_do_while_one_is_replaced(secret):
    assert check(signed(RAW, "msg_7", secret)) == "msg_7"


def test_an_id_beyond_ascii_is_read_as_utf8():
    assert check(signed(RAW, "übung-1")) == "übung-1"


def test_one_right_signature_among_others_is_enough():
    headers = signed(RAW)
    headers["webhook-signature"] = f"v1a,abc v2,x,y v1,AAAA {headers['webhook-signature']}"
    assert check(headers) == "msg_1"


def test_a_changed_body_is_refused():
    with pytest.raises(Refusal, match="No matching signature"):
        check(signed(RAW), RAW.replace(b"ada", b"bob"))


@pytest.mark.parametrize("seconds", [-299, 299])
def test_a_clock_may_be_five_minutes_off(seconds):
    assert check(signed(RAW, at=int(time.time()) + seconds)) == "msg_1"


@pytest.mark.parametrize(("seconds", "words"), [(-302, "too old"), (302, "too new")])
def test_an_old_or_a_future_delivery_is_refused(seconds, words):
    with pytest.raises(Refusal, match=words) as caught:
        check(signed(RAW, at=int(time.time()) + seconds))
    assert caught.value.status == 401


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_must_be_there_once(name):
    headers = signed(RAW)
    for wrong in ([], [(name.encode(), b"")], [(name.encode(), headers[name].encode())] * 2):
        others = [pair for pair in raw_headers(headers) if pair[0] != name.encode()]
        with pytest.raises(Refusal, match=name):
            verify([*others, *wrong], RAW, SECRETS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", "a" * 257),
        ("webhook-id", "a\x00b"),
        ("webhook-id", "a\x7f"),
        ("webhook-id", " a"),
        ("webhook-id", b"\xff"),
        ("webhook-timestamp", "nan"),
        ("webhook-timestamp", "1e9"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "99999999999999999999"),
        ("webhook-timestamp", "999999999999"),
        ("webhook-timestamp", "١٢٣"),
        ("webhook-timestamp", "now"),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1,a"),
        ("webhook-signature", "v1,%%%"),
        ("webhook-signature", "v1,é"),
        ("webhook-signature", "v1,a,b"),
        ("webhook-signature", "v2,AAAA"),
        ("webhook-signature", "AAAA"),
        ("webhook-signature", ","),
        ("webhook-signature", "v1," + "A" * 3000),
        ("webhook-signature", b"v1,\xff"),
    ],
)
def test_malformed_headers_are_401(name, value):
    with pytest.raises(Refusal) as caught:
        check({**signed(RAW), name: value})
    assert caught.value.status == 401


def test_a_fraction_of_a_second_is_refused_since_it_is_not_signed():
    headers = signed(RAW)
    with pytest.raises(Refusal, match="whole seconds"):
        check({**headers, "webhook-timestamp": headers["webhook-timestamp"] + ".5"})


def test_a_body_that_is_not_utf8_is_401():
    with pytest.raises(Refusal, match="not UTF-8"):
        check(signed(RAW), b"\xff\xfe")


@given(st.dictionaries(st.sampled_from(sorted(signed(RAW))), st.binary(max_size=300)), st.binary(max_size=50))
def test_no_headers_and_no_body_do_more_than_401(headers, body):
    with pytest.raises(Refusal) as caught:
        verify(
            [
                (name.encode(), value)
                for name, value in {**signed(RAW, secret=FOREIGN_SECRET), **headers}.items()
                if isinstance(value, bytes)
            ],
            body,
            SECRETS,
        )
    assert caught.value.status == 401


@given(st.text(max_size=60))
def test_no_signature_of_any_form_is_more_than_401(text):
    made = base64.b64encode(text.encode("utf-8", "replace")).decode()
    for signature in (text, f"v1,{text}", f"v1,{made}"):
        with pytest.raises(Refusal) as caught:
            check({**signed(RAW), "webhook-signature": signature.encode("utf-8", "replace")})
        assert caught.value.status == 401
