"""Deliveries over the application: taken once, refused with sentences, and never a failure of ours."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import EngineUnavailable, StoreError
from grader.ingest.loop import MAX_SOURCE
from grader.store import submissions
from grader.store.deliveries import Answer
from grader.web import deliveries
from grader.web.answers import Refusal
from grader.web.deliveries import MOST_PROBLEMS, understood
from tests.grader.web.parts import BODY, FOREIGN_SECRET, PUBLIC_URL, Client, make_parts, signed, text_of


def newest(client, external_id="hw1:ada"):
    with client.parts.database.read() as connection:
        return submissions.newest(connection, external_id)


def test_a_delivery_is_kept_and_answered_with_where_to_look(client):
    response = client.deliver({**BODY, "callback": "lms"})
    assert response.status_code == 202
    assert response.json() == {
        "submission_id": "hw1:ada",
        "status": "queued",
        "status_url": f"{PUBLIC_URL}/submissions/hw1%3Aada",
    }
    stored = newest(client)
    assert stored.submission.source == BODY["source"].encode()
    assert (stored.callback, stored.problem, stored.key) == ("lms", "", stored.submission.sha256)
    assert client.parts.engine.woken == 1


def test_a_repeated_delivery_gets_the_first_answer_and_is_kept_once(either):
    first = either.deliver()
    either.parts.engine.finish()
    again = either.deliver()
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert either.submissions() == 1


def test_an_id_that_was_used_is_not_used_again_for_another_file(client):
    first = client.deliver()
    other = client.deliver({**BODY, "submission_id": "other"})
    assert other.content == first.content
    assert client.submissions() == 1


def test_deliveries_of_one_id_at_the_same_time_are_kept_once(either):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: either.deliver(), range(16)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    assert either.submissions() == 1


def test_files_of_one_submission_at_the_same_time_become_revisions(either):
    def hand_in(number):
        """As a sender does: again, under the same id, as long as it is told 503."""
        body = {**BODY, "source": f"x = {number}\n"}
        codes = [503]
        while codes[-1] == 503 and len(codes) < 20:
            codes.append(either.deliver(body, f"msg_{number}").status_code)
        return codes[-1]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(hand_in, range(8))) == {202}
    assert newest(either).revision == 8


def test_a_conflict_of_two_writers_is_tried_again(client, monkeypatch):
    kept, failures = deliveries.keep, [1, 1]

    def keep(connection, *arguments):
        if failures:
            failures.pop()
            for _ in range(2):
                deliveries.deliveries.remember(connection, "msg_x", Answer(202, "{}"))
        return kept(connection, *arguments)

    monkeypatch.setattr(deliveries, "keep", keep)
    assert client.deliver().status_code == 202
    failures.extend([1, 1, 1])
    assert client.deliver(ident="msg_2").status_code == 503


def test_the_same_file_under_another_id_is_not_graded_again(client):
    client.deliver()
    client.parts.engine.finish()
    assert client.deliver(ident="msg_2").json()["status"] == "done"
    assert client.submissions() == 1


def test_another_file_is_a_new_revision(client):
    client.deliver()
    assert client.deliver({**BODY, "source": "pass\n"}, "msg_2").json()["status"] == "queued"
    assert newest(client).revision == 2


@pytest.mark.parametrize(
    ("source", "filename", "words"),
    [("", "loop.py", "empty"), ("x\0", "loop.py", "NUL"), ("{}", "loop.ipynb", "notebook")],
)
def test_a_file_that_cannot_run_is_taken_with_what_is_wrong(client, source, filename, words):
    assert client.deliver({**BODY, "source": source, "filename": filename}).status_code == 202
    assert words in newest(client).problem


def test_a_forged_delivery_is_401_and_leaves_nothing(client):
    response = client.deliver(secret=FOREIGN_SECRET)
    assert response.status_code == 401
    assert client.submissions() == 0
    assert client.parts.engine.woken == 0


def test_the_signature_is_looked_at_before_the_body(client):
    assert client.deliver("not JSON", secret=FOREIGN_SECRET).status_code == 401
    assert client.deliver("not JSON").status_code == 400


@pytest.mark.parametrize("seconds", [-400, 400])
def test_an_expired_or_future_delivery_is_401(client, seconds):
    assert client.deliver(at=int(time.time()) + seconds).status_code == 401


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"submission_id": "-a"}, "submission_id: must be 1 to 200"),
        ({"submission_id": "a\n"}, "submission_id"),
        ({"submission_id": "a" * 201}, "submission_id"),
        ({"submission_id": "a/b"}, "submission_id"),
        ({"submission_id": 7}, "submission_id"),
        ({"student_id": ""}, "student_id: must be 1 to 200 printable"),
        ({"student_id": "  "}, "student_id"),
        ({"student_id": "a\x1b[2J"}, "student_id"),
        ({"student_id": "a\u202eb"}, "student_id"),
        ({"student_id": "\ud800"}, "student_id"),
        ({"student_id": "a" * 201}, "student_id"),
        ({"filename": "a\nb"}, "filename"),
        ({"filename": "a\u2028b"}, "filename"),
        ({"exercise": "nope"}, "exercise: there is none of that name; there are: adam-from-scratch"),
        ({"exercise": None}, "exercise: must be the slug"),
        ({"source": "\ud800"}, "source: must be a text of at most 1 MiB"),
        ({"source": "x" * (MAX_SOURCE + 1)}, "source"),
        ({"callback": "nope"}, "callback: none of that name"),
        ({"callback": 1}, "callback: must be the name of a callback"),
        ({"score": 100}, "'score': is not known; there are: submission_id"),
        ({"\ud800": 1}, "A key is not valid text"),
    ],
)
def test_a_delivery_that_says_something_wrong_is_422_with_a_sentence(client, change, words):
    response = client.deliver({**BODY, **change})
    assert response.status_code == 422
    assert words in response.json()["error"]
    assert client.submissions() == 0


def test_the_source_is_measured_in_utf8(client):
    body = {**BODY, "source": "é" * (MAX_SOURCE // 2 + 1)}
    assert client.deliver(json.dumps(body, ensure_ascii=False)).status_code == 422


@pytest.mark.parametrize("body", ["[]", "7", '"x"', "null"])
def test_a_body_that_is_no_object_is_422(client, body):
    response = client.deliver(body)
    assert (response.status_code, response.json()) == (422, {"error": "The body must be a JSON object."})


def test_every_mistake_is_named(client):
    error = client.deliver({"student_id": 1}).json()["error"]
    assert "submission_id: is missing; it must be" in error
    assert "student_id: must be" in error


def test_names_from_all_over_the_world_are_taken(client):
    for number, name in enumerate(["Ада Лавлейс", "愛達\u3000", "ada\u200dlove", "Ève d’Été 🙂"]):
        assert client.deliver({**BODY, "student_id": name}, f"msg_{number}").status_code == 202


def test_a_refused_delivery_may_come_again_mended(client):
    assert client.deliver({**BODY, "exercise": "nope"}).status_code == 422
    assert client.deliver().status_code == 202


def test_a_failing_database_is_503_and_the_delivery_may_come_again(client, monkeypatch):
    def fail(*arguments):
        raise StoreError("The database postgresql://grader@db failed: gone.")

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "keep", fail)
        response = client.deliver()
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert "postgresql" not in response.text
    assert client.deliver().status_code == 202


def test_a_body_full_of_unknown_keys_is_refused_without_an_error_for_each():
    with pytest.raises(Refusal) as caught:
        understood(BODY | {f"k{number}": 1 for number in range(200_000)}, ())
    assert caught.value.status == 422
    assert caught.value.sentence.count("is not known") == MOST_PROBLEMS


def test_a_missing_engine_is_503(client):
    client.parts.engine.failure = EngineUnavailable("No container engine answers.")
    assert client.deliver().status_code == 503


def test_a_fault_of_ours_is_500_with_a_number_and_without_its_text(client, caplog):
    client.parts.engine.failure = RuntimeError("geheim")
    response = client.deliver()
    assert response.status_code == 500
    ident = response.json()["error"].split("report ")[1][:8]
    assert ident in caplog.text
    assert "geheim" not in response.text + caplog.text


def test_it_blocks_nobody_while_the_database_is_slow(client, monkeypatch):
    held = threading.Event()
    monkeypatch.setattr(deliveries, "keep", lambda *arguments: held.wait(60))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.deliver)
        assert client.get("/healthz").status_code == 200
        assert not slow.done()
        held.set()
        slow.result()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*BODY, "callback", "x"]), inner),
        max_leaves=20,
    )
)
def test_no_signed_body_is_a_failure_of_ours(client, value):
    assert client.deliver(json.dumps(value)).status_code in (400, 422)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({}, optional={name: st.text(max_size=250) for name in [*BODY, "callback"]}))
def test_no_signed_object_is_a_failure_of_ours(client, changes):
    assert client.deliver({**BODY, **changes}, "msg_1").status_code in (202, 422)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"]),
        st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=80),
    ),
    st.binary(max_size=200),
)
def test_no_headers_are_a_failure_of_ours(client, changes, body):
    headers = {**signed(text_of(BODY).encode(), secret=FOREIGN_SECRET), **changes}
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    response = client.request("POST", "/webhooks/standard", content=body, headers=raw)
    assert response.status_code == 401


def test_a_body_that_is_too_large_is_413(database):
    client = Client(make_parts(database))
    assert client.deliver(b"x" * ((2 << 20) + 1)).status_code == 413
