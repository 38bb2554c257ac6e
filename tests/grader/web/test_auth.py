"""Who may read a submission: tokens, signed links, and nobody else."""

import time

import jwt
import pytest

from grader.web.answers import Refusal
from grader.web.auth import Links, admit, is_token
from tests.grader.web.parts import COURSE_SECRET, OTHER_TOKEN, PUBLIC_URL, TOKEN, serve

LINKS = Links(COURSE_SECRET, PUBLIC_URL, 1)
TOKENS = serve().api_tokens


def let_in(external_id="a", bearer=None, link=None):
    admit(external_id, bearer, link, TOKENS, LINKS)


@pytest.mark.parametrize("token", [TOKEN, OTHER_TOKEN])
def test_every_token_opens_every_submission(token):
    let_in(bearer=token)


@pytest.mark.parametrize("token", ["", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é", "\ud800"])
def test_what_is_nearly_a_token_opens_nothing(token):
    assert not is_token(token, TOKENS)
    with pytest.raises(Refusal) as caught:
        let_in(bearer=token)
    assert (caught.value.status, caught.value.headers) == (401, {"WWW-Authenticate": "Bearer"})


def test_a_link_opens_its_own_submission_and_no_other():
    let_in("a", link=LINKS.token("a"))
    with pytest.raises(Refusal, match="another submission") as caught:
        let_in("b", link=LINKS.token("a"))
    assert caught.value.status == 403


def test_a_link_names_the_report_and_quotes_the_id():
    link = LINKS.report("hw:1+a@b")
    assert link.startswith(f"{PUBLIC_URL}/submissions/hw%3A1%2Ba%40b/report?token=")
    let_in("hw:1+a@b", link=link.split("token=")[1])


def test_a_link_expires():
    assert Links(COURSE_SECRET, PUBLIC_URL, -0.01).read(Links(COURSE_SECRET, "", 1).token("a")) == "a"
    with pytest.raises(Refusal) as caught:
        let_in("a", link=Links(COURSE_SECRET, PUBLIC_URL, -0.01).token("a"))
    assert caught.value.status == 401


def forged(key, algorithm="HS256", **changes):
    claims = {"sub": "a", "aud": "report", "exp": int(time.time()) + 60}
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(claims, key, algorithm)


FORGERIES = {
    "empty": lambda: "",
    "nonsense": lambda: "a.b.c",
    "not ASCII": lambda: "é",
    "endless": lambda: "x" * 3000,
    "another secret": lambda: Links(b"d" * 32, PUBLIC_URL, 1).token("a"),
    "the course secret itself": lambda: forged(COURSE_SECRET),
    "no algorithm": lambda: forged("", "none"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_link_opens_nothing(name):
    token = FORGERIES[name]()
    assert LINKS.read(token) is None


@pytest.mark.parametrize(
    "changes", [{"aud": None}, {"aud": "login"}, {"exp": None}, {"sub": None}, {"exp": 1}]
)
def test_a_token_of_ours_for_something_else_opens_nothing(changes):
    assert LINKS.read(forged(LINKS._key, **changes)) is None


def test_a_right_token_counts_beside_a_wrong_link():
    let_in("a", bearer=TOKEN, link="x")
