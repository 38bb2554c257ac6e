"""The table [serve]: file, variables, and errors that show no secret."""

import json
from pathlib import Path

import pytest

from grader.errors import BadSettings
from grader.serving import KEY, MOST_JOBS, VARIABLES, Serve, changed
from grader.settings import Settings, load_settings, override
from tests.docs.test_pages import ROOT, keys, section

SECRET, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_b2xkIHNlY3JldCBvZiBvdXJz"
TOKEN = "token-of-an-instructor"
FILE = f"""
[serve]
database = "sqlite:///class.db"
public_url = "https://grader.example.org/"
webhook_secrets = ["{SECRET}", "{OTHER}"]
api_tokens = ["{TOKEN}"]
link_hours = 24
jobs = 3
body_seconds = 5
shutdown_seconds = 7

[serve.callbacks.lms]
url = "https://lms.example.org/hooks?key=geheim"
secret = "{OTHER}"
"""


def load(folder: Path, text: str = "", **environ: str) -> Serve:
    (folder / "grade.toml").write_text(text, encoding="utf-8")
    return load_settings(start=folder, environ=environ).serve


def test_without_file_and_variables_the_defaults_stand(tmp_path):
    serve = load(tmp_path)
    assert serve == Serve() == Settings().serve
    assert serve.database.get_secret_value() == "sqlite:///metronome.db"
    assert (serve.link_hours, serve.body_seconds, serve.shutdown_seconds) == (720, 10, 60)
    assert 1 <= serve.jobs <= MOST_JOBS


def test_the_table_is_read(tmp_path):
    serve = load(tmp_path, FILE)
    assert serve.database.get_secret_value() == f"sqlite:///{tmp_path}/class.db"
    assert serve.public_url == "https://grader.example.org"
    assert [secret.get_secret_value() for secret in serve.webhook_secrets] == [SECRET, OTHER]
    assert [token.get_secret_value() for token in serve.api_tokens] == [TOKEN]
    assert (serve.link_hours, serve.jobs, serve.body_seconds, serve.shutdown_seconds) == (24, 3, 5, 7)
    assert serve.callbacks["lms"].url.get_secret_value() == "https://lms.example.org/hooks?key=geheim"


def test_variables_win_over_the_file_key_by_key(tmp_path):
    callbacks = {"board": {"url": "http://board:8080/in", "secret": SECRET}}
    serve = load(
        tmp_path,
        FILE,
        GRADE_DATABASE="postgresql://grader:pw@db/class",
        GRADE_PUBLIC_URL="http://localhost:9000",
        GRADE_WEBHOOK_SECRETS=f" {OTHER}\n{SECRET} ",
        GRADE_API_TOKENS="another-token-of-ours",
        GRADE_CALLBACKS=json.dumps(callbacks),
    )
    assert serve.database.get_secret_value() == "postgresql://grader:pw@db/class"
    assert serve.public_url == "http://localhost:9000"
    assert [secret.get_secret_value() for secret in serve.webhook_secrets] == [OTHER, SECRET]
    assert list(serve.callbacks) == ["board"]
    assert serve.link_hours == 24


def test_an_empty_variable_counts_as_not_set(tmp_path):
    assert load(tmp_path, FILE, GRADE_API_TOKENS="", GRADE_CALLBACKS="") == load(tmp_path, FILE)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_misspelt_variable_is_refused(tmp_path, name):
    with pytest.raises(BadSettings, match=f"did you mean {name}"):
        load(tmp_path, **{name[:-2] + name[-1]: "x"})


def test_no_secret_is_shown(tmp_path):
    settings = override(load_settings(start=tmp_path, environ={"GRADE_API_TOKENS": TOKEN}), student="ada")
    load(tmp_path, FILE)
    full = load_settings(start=tmp_path, environ={"GRADE_DATABASE": "postgresql://u:geheim@h/n"})
    for shown in (
        repr(settings),
        repr(full),
        str(full.serve),
        full.model_dump_json(),
        repr(full.model_dump()),
    ):
        for secret in (SECRET, OTHER, TOKEN, "geheim"):
            assert secret not in shown
    assert settings.serve.api_tokens[0].get_secret_value() == TOKEN


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("serve = 1", ["serve: must be a table"]),
        ("[serve]\nport = 1", ["serve.port", "unknown key", "there are: database"]),
        ("[serve]\nlink_hour = 1", ["serve.link_hour", "did you mean 'link_hours'"]),
        ('[serve]\ndatabase = "x.db"', ["serve.database", "sqlite:///metronome.db"]),
        ('[serve]\npublic_url = "grader.example.org"', ["serve.public_url", "http or https URL"]),
        ('[serve]\npublic_url = "http://u:geheim@h"', ["serve.public_url", "no user"]),
        ('[serve]\nwebhook_secrets = "geheim"', ["serve.webhook_secrets", "list"]),
        ('[serve]\nwebhook_secrets = ["geheim"]', ["serve.webhook_secrets (number 1)", "whsec_"]),
        ('[serve]\nwebhook_secrets = ["whsec_geheim=x"]', ["serve.webhook_secrets", "base64"]),
        ('[serve]\nwebhook_secrets = ["whsec_Z2VoZWlt"]', ["serve.webhook_secrets", "16 bytes"]),
        ('[serve]\napi_tokens = ["geheim"]', ["serve.api_tokens", "at least 16"]),
        ('[serve]\napi_tokens = ["geheim with a space in it"]', ["serve.api_tokens"]),
        ("[serve]\njobs = 0", ["serve.jobs", "from 1 to 256"]),
        ('[serve]\njobs = "2"', ["serve.jobs", "whole number"]),
        ("[serve]\nbody_seconds = 0.5", ["serve.body_seconds", "whole number"]),
        ("[serve.callbacks]\nlms = 1", ["serve.callbacks.lms", "`url` and `secret`"]),
        ('[serve.callbacks.lms]\nurl = "http://x"', ["serve.callbacks.lms.secret", "is missing"]),
        (f'[serve.callbacks.lms]\nurl = "x"\nsecret = "{SECRET}"', ["serve.callbacks.lms.url", "a host"]),
        (f'[serve.callbacks.lms]\nurl = "file:///etc/x"\nsecret = "{SECRET}"', ["serve.callbacks.lms.url"]),
        (f'[serve.callbacks.lms]\nurl = "http://"\nsecret = "{SECRET}"', ["serve.callbacks.lms.url"]),
        (f'[serve.callbacks.LMS]\nurl = "http://x"\nsecret = "{SECRET}"', ["'LMS'", "a-z, 0-9"]),
        ('[serve.callbacks.lms]\nurl = "http://x"\nsecret = "geheim"', ["serve.callbacks.lms.secret"]),
        (
            f'[serve.callbacks.lms]\nurl = "http://x"\nsecret = "{SECRET}"\nname = 1',
            ["serve.callbacks.lms.name", "unknown key"],
        ),
    ],
)
def test_a_wrong_table_is_refused_with_file_key_and_expectation_and_without_the_value(tmp_path, text, words):
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, text)
    for word in [str(tmp_path / "grade.toml"), *words]:
        assert word in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GRADE_DATABASE", "geheim", "GRADE_DATABASE: must be a URL"),
        ("GRADE_PUBLIC_URL", "geheim", "GRADE_PUBLIC_URL: must be an http"),
        ("GRADE_WEBHOOK_SECRETS", f"{SECRET} geheim", "GRADE_WEBHOOK_SECRETS (number 2): must be"),
        ("GRADE_API_TOKENS", "geheim", "GRADE_API_TOKENS (number 1): must be"),
        ("GRADE_CALLBACKS", "geheim", "GRADE_CALLBACKS: is not valid JSON"),
        ("GRADE_CALLBACKS", "[" * 100_000, "GRADE_CALLBACKS: is not valid JSON"),
        ("GRADE_CALLBACKS", "[]", "GRADE_CALLBACKS: must be a table"),
        ("GRADE_CALLBACKS", '{"lms": {"url": "geheim"}}', "GRADE_CALLBACKS: lms.url: must be"),
        ("GRADE_CALLBACKS", '{"lms": {}}', "GRADE_CALLBACKS: lms.url: is missing; it must be"),
    ],
)
def test_a_wrong_variable_is_named_and_its_value_is_not_shown(tmp_path, name, value, words):
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, **{name: value})
    assert words in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_options_win_and_none_keeps():
    serve = changed(Serve(jobs=3), database="sqlite:///other.db", jobs=None)
    assert (serve.database.get_secret_value(), serve.jobs) == ("sqlite:///other.db", 3)
    with pytest.raises(BadSettings, match="--database: must be a URL"):
        changed(Serve(), database="geheim")


def test_the_page_for_operators_lists_every_key_and_every_variable():
    page = ROOT / "docs" / "serving.md"
    assert keys(section(page, "Settings")) == list(Serve.model_fields)
    for name in VARIABLES:
        assert f"`{name}`" in section(page, "Settings")
    assert KEY in Settings.model_fields
