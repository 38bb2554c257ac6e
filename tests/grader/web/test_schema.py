"""The description against the application: schemathesis asks whatever comes to its mind, half of it let in."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks

from tests.grader.web.parts import BEARER, BODY, Client, signed

EXAMPLES = {"POST": 300, "GET": 100}
"""Cases for each operation: 800 together."""
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = [
    ("POST", "/webhooks/standard"),
    ("GET", "/submissions/{submission_id}"),
    ("GET", "/submissions/{submission_id}/report"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
]


@pytest.fixture
def filled(client: Client, monkeypatch) -> Client:
    """A client that knows a submission that is done, and one that waits."""
    monkeypatch.setattr("grader.web.pages.render", lambda report, form: "<p>a report</p>")
    client.deliver({**BODY, "submission_id": "done"}, "msg_done")
    client.parts.engine.finish()
    client.deliver({**BODY, "submission_id": "waits"}, "msg_waits")
    return client


def let_in(case, number, client):
    """What makes the case one of somebody who may; names a submission that there is, now and then."""
    if case.operation.method == "post":
        body = {**BODY, "submission_id": f"s{number}"} if number % 4 == 1 else case.body
        raw = json.dumps(body, default=str).encode()
        return {"headers": signed(raw, f"msg_{number}"), "data": raw}
    if "submission_id" in case.path_parameters and number % 4 == 1:
        case.path_parameters["submission_id"] = ("done", "waits")[number // 4 % 2]
    return {"headers": BEARER}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_that_is_described_and_none_a_failure(filled, method, path):
    operation = schemathesis.openapi.from_asgi("/openapi.json", filled.app)[path][method]
    seen = set()

    @settings(
        max_examples=EXAMPLES[method],
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(), st.integers(0, 10_000))
    def ask(case, number):
        how = let_in(case, number, filled) if number % 2 else {}
        response = case.call(**how)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    ask()
    if "submission_id" in path:
        assert {200, 401, 404} <= seen
    if method == "POST":
        assert {202, 401, 422} <= seen


def test_all_operations_are_asked(client):
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app)
    found = [(one.ok().method.upper(), one.ok().path) for one in schema.get_all_operations()]
    assert sorted(found) == sorted(OPERATIONS)
