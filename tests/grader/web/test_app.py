"""What is read from the application: status, report, health, description, and the headers of all of it."""

import re

import pytest

from grader.errors import StoreError
from grader.web import routes
from tests.grader.web.parts import BEARER, BODY, TOKEN


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setattr("grader.web.pages.render", lambda report, form: f"<p>{form} {report.summary}</p>")


def link(client, external_id="hw1:ada"):
    return {"token": client.parts.links.token(external_id)}


def test_the_status_of_a_queued_submission(client):
    client.deliver({**BODY, "submission_id": "first"}, "msg_0")
    client.deliver()
    answer = client.get("/submissions/hw1:ada", headers=BEARER).json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", answer.pop("received_at"))
    assert answer == {
        "submission_id": "hw1:ada",
        "student_id": "ada",
        "exercise": "linreg-torch",
        "filename": "loop.py",
        "revision": 1,
        "status": "queued",
        "ahead": 1,
        "report": None,
    }


def test_the_status_of_one_that_is_done_holds_the_report(client):
    client.deliver()
    made = client.parts.engine.finish()
    answer = client.get("/submissions/hw1:ada", params=link(client)).json()
    assert (answer["status"], answer["ahead"]) == ("done", 0)
    assert answer["report"] == made.model_dump(mode="json")


def test_the_newest_revision_is_told(client):
    client.deliver()
    client.parts.engine.finish()
    client.deliver({**BODY, "source": "pass\n"}, "msg_2")
    answer = client.get("/submissions/hw1:ada", headers=BEARER).json()
    assert (answer["revision"], answer["status"], answer["report"]) == (2, "queued", None)


def test_a_report_that_is_not_there_yet_is_a_page_that_looks_again(client):
    client.deliver()
    response = client.get("/submissions/hw1:ada/report", params=link(client))
    assert response.status_code == 202
    assert '<meta http-equiv="refresh"' in response.text
    assert "the next one" in response.text


def test_the_report_is_a_page(client, page):
    client.deliver()
    client.parts.engine.finish()
    response = client.get("/submissions/hw1:ada/report", params=link(client))
    assert (response.status_code, response.text) == (200, "<p>html All is well.</p>")
    assert response.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/submissions/hw1:ada", "/submissions/hw1:ada/report"])
def test_both_need_a_token_or_a_link(client, path):
    client.deliver()
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"authorization": "Bearer wrong-token-of-somebody"}).status_code == 401
    assert client.get(path, headers={"authorization": f"Basic {TOKEN}"}).status_code == 401
    assert client.get(path, params={"token": "x"}).status_code == 401
    assert client.get(path, params=link(client, "hw1:bob")).status_code == 403
    assert client.get(path, headers=BEARER).status_code in (200, 202)


@pytest.mark.parametrize("external_id", ["nope", "%00", "a%2Fb", "%ff", "-x"])
def test_what_there_is_not_is_404_and_only_for_those_who_may_ask(client, external_id):
    path = f"/submissions/{external_id}"
    if "%2F" not in external_id:  # no address of ours has a slash there
        assert client.get(path).status_code == 401
    assert client.get(path, headers=BEARER).status_code == 404


def test_every_answer_has_the_security_headers(client, page):
    client.deliver()
    client.parts.engine.finish()
    for path in ("/healthz", "/docs", "/metrics", "/nope", "/submissions/x", "/submissions/hw1:ada/report"):
        headers = client.get(path, headers=BEARER).headers
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


def test_errors_are_json(client):
    assert client.get("/nope").json() == {"error": "There is nothing here."}
    response = client.request("DELETE", "/healthz")
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert "error" in response.json()


def test_it_is_healthy_while_the_process_is_up(client):
    client.parts.engine.lives = False
    assert client.get("/healthz").json() == {"status": "ok"}


def test_it_is_ready_while_the_engine_lives_and_the_database_answers(client, monkeypatch):
    assert client.get("/readyz").status_code == 200
    client.parts.engine.lives = False
    assert client.get("/readyz").status_code == 503
    client.parts.engine.lives = True

    def fail(connection):
        raise StoreError("The database failed.")

    monkeypatch.setattr(routes.outbox, "counts", fail)
    assert client.get("/readyz").status_code == 503


def test_the_metrics_count_and_name_nobody(client):
    client.deliver({**BODY, "callback": "lms"})
    client.deliver()
    client.deliver("x")
    client.parts.metrics.graded(client.parts.engine.finish())
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=1.0.0")
    for line in (
        'metronome_deliveries_total{answer="202"} 2.0',
        'metronome_deliveries_total{answer="400"} 1.0',
        'metronome_jobs{state="done"} 1.0',
        'metronome_jobs{state="queued"} 0.0',
        'metronome_results{outcome="graded"} 1.0',
        'metronome_outbox{state="pending"} 1.0',
        "metronome_grading_seconds_count 1.0",
        "metronome_build_info{version=",
    ):
        assert line in response.text
    assert "ada" not in response.text


def test_the_description_is_a_page_that_needs_nothing_from_outside(client):
    page = client.get("/docs").text
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"", page) == ["openapi.json"]
    assert "<script" not in page
    assert "url(" not in page
    for words in ("POST /webhooks/standard", "GET /submissions/{submission_id}/report", "webhook-signature"):
        assert words in page


def test_the_description_tells_bodies_schemes_and_answers(client):
    schema = client.get("/openapi.json").json()
    assert schema["components"]["schemas"]["Delivery"]["required"] == [*BODY]
    assert set(schema["components"]["securitySchemes"]) == {"bearer", "link"}
    reading = schema["paths"]["/submissions/{submission_id}"]["get"]
    assert reading["security"] == [{"bearer": []}, {"link": []}]
    assert set(reading["responses"]) == {"200", "401", "403", "404", "500", "503"}
    webhook = schema["paths"]["/webhooks/standard"]["post"]
    assert set(webhook["responses"]) == {"202", "400", "401", "408", "413", "422", "500", "503"}


def test_the_log_has_a_line_for_each_request_and_no_secrets(client, caplog):
    caplog.set_level("INFO")
    client.deliver()
    client.get("/submissions/hw1:ada", headers=BEARER, params=link(client))
    client.get("/a%0d%0aINFO%20forged")
    lines = [record.getMessage() for record in caplog.records if record.name == "grader.access"]
    assert re.fullmatch(r"POST /webhooks/standard 202 [\d.]+ ms", lines[0])
    assert re.fullmatch(r"GET /submissions/hw1:ada 200 [\d.]+ ms", lines[1])
    assert lines[2].startswith("GET /a%0D%0AINFO%20forged 404")
    own = "".join(record.getMessage() for record in caplog.records if record.name.startswith("grader"))
    assert TOKEN not in own
    assert "token=" not in own
    assert "def train" not in own


def test_settings_do_not_show_their_secrets(parts):
    shown = repr(parts.serve) + parts.serve.model_dump_json() + repr(parts.links)
    for secret in ("whsec_", TOKEN, "cccc", "127.0.0.1:9"):
        assert secret not in shown
