"""The sender against a real receiver: signed, sent again, switched off, and nobody held up by a slow one."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import update
from standardwebhooks import Webhook

from grader.errors import StoreError
from grader.models import Submission
from grader.store import outbox
from grader.store.schema import outbox as table
from grader.store.submissions import HandedIn, keep
from grader.web import letter
from grader.web import outbox as sending
from grader.web.outbox import Sender
from tests.grader.web.parts import CALLBACK_SECRET, SOURCE, FakeEngine, make_parts


class Receiver(ThreadingHTTPServer):
    """Answers with `statuses` in turn (200 after the last), after `pause` seconds; keeps what it got."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *statuses, pause=0.0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses = list(statuses)
        self.pause = pause
        self.got = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def callback(self):
        return {"url": f"http://127.0.0.1:{self.server_port}/hook?key=geheim", "secret": CALLBACK_SECRET}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.got.append((dict(self.headers.items()), body, self.path))
        time.sleep(self.server.pause)
        # A client that followed a redirect would come with GET, and be told 501.
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    made = []

    def make(*statuses, **how):
        made.append(Receiver(*statuses, **how))
        return made[-1]

    yield make
    for one in made:
        one.shutdown()
        one.server_close()


@pytest.fixture
def sender(database, monkeypatch):
    monkeypatch.setattr(sending, "POLL", 0.02)
    monkeypatch.setattr(sending, "AFTER_FAILURE", 0.05)
    monkeypatch.setattr(outbox, "FIRST_DELAY", 0.02)
    monkeypatch.setattr(outbox, "FACTOR", 1.0)
    started = []

    def start(**receivers):
        parts = make_parts(database, callbacks={name: one.callback for name, one in receivers.items()})
        started.append(Sender(database, parts.serve.callbacks, parts.links, parts.metrics))
        started[-1].start()
        return parts

    yield start
    for one in started:
        one.stop()


def post(database, callback="lms", number=1, first=0):
    """Put results into the outbox."""
    for index in range(first, first + number):
        file = Submission(filename="loop.py", source=SOURCE.encode(), exercise="linreg-torch", student="ada")
        with database.write() as connection:
            keep(connection, HandedIn(f"{callback}-{index}", file, "", callback), "key")
        FakeEngine(database).finish()


def until(check, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


def states(database):
    with database.read() as connection:
        return outbox.counts(connection)


def letters(database):
    with database.read() as connection:
        return outbox.letters(connection, (outbox.PENDING, outbox.DELIVERED, outbox.DEAD))


def test_a_result_is_sent_signed_with_a_link_to_its_report(database, receiver, sender):
    lms = receiver()
    parts = sender(lms=lms)
    post(database)
    until(lambda: states(database) == {"delivered": 1})
    ((headers, body, path),) = lms.got
    Webhook(CALLBACK_SECRET).verify(body, headers)
    sent = json.loads(body)
    assert path == "/hook?key=geheim"
    assert headers["content-type"] == "application/json"
    assert set(sent) == {"submission_id", "student_id", "exercise", "report", "report_url"}
    assert (sent["submission_id"], sent["report"]["passed"]) == ("lms-0", True)
    assert parts.links.read(sent["report_url"].split("token=")[1]) == "lms-0"


def test_a_refused_one_comes_again_with_the_same_id_and_body(database, receiver, sender):
    lms = receiver(500, 429, 404)
    sender(lms=lms)
    post(database)
    until(lambda: states(database) == {"delivered": 1})
    assert len(lms.got) == 4
    assert len({headers["webhook-id"] for headers, _, _ in lms.got}) == 1
    for headers, body, _ in lms.got:
        Webhook(CALLBACK_SECRET).verify(body, headers)
    assert letters(database)[0].attempts == 4


def test_one_that_is_never_taken_is_a_dead_letter_that_can_be_sent_again(database, receiver, sender):
    lms = receiver(*[503] * outbox.MOST_ATTEMPTS)
    sender(lms=lms)
    post(database)
    until(lambda: states(database) == {"dead": 1})
    assert letters(database)[0].error == "status 503"
    with database.write() as connection:
        outbox.resend(connection)
    until(lambda: states(database) == {"delivered": 1})
    assert len({headers["webhook-id"] for headers, _, _ in lms.got}) == 1


def test_410_switches_the_endpoint_off_until_something_is_sent_again(database, receiver, sender):
    lms = receiver(410)
    sender(lms=lms)
    post(database)
    until(lambda: states(database) == {"dead": 1})
    post(database, first=1)
    until(lambda: states(database) == {"dead": 2})
    assert len(lms.got) == 1
    assert all("410" in one.error for one in letters(database))
    with database.write() as connection:
        assert outbox.resend(connection) == 2
    until(lambda: states(database) == {"delivered": 2})


def test_redirects_are_not_followed(database, receiver, sender):
    lms = receiver(302, 307, 308)
    sender(lms=lms)
    post(database)
    until(lambda: states(database) == {"delivered": 1})
    assert {path for _, _, path in lms.got} == {"/hook?key=geheim"}
    assert len(lms.got) == 4


def test_a_callback_that_is_configured_no_more_makes_dead_letters(database, receiver, sender):
    sender(lms=receiver())
    post(database, "removed")
    until(lambda: states(database) == {"dead": 1})
    assert "no callback of that name" in letters(database)[0].error


def test_nobody_listening_is_a_failed_attempt_without_the_address(database, sender):
    closed = Receiver()
    closed.shutdown()
    closed.server_close()
    sender(lms=closed)
    post(database)
    until(lambda: letters(database)[0].attempts >= 2)
    assert letters(database)[0].error == "ConnectError"


def test_a_slow_endpoint_holds_up_nobody_else(database, receiver, sender):
    slow, lms = receiver(pause=4), receiver()
    parts = sender(slow=slow, lms=lms)
    post(database, "slow", 60)
    until(lambda: len(slow.got) >= sending.PLACES)
    began = time.monotonic()
    post(database, "lms", 3)
    until(lambda: len(lms.got) == 3)
    assert time.monotonic() - began < 3.5
    assert len(slow.got) <= 2 * sending.PLACES
    assert parts.metrics.callbacks.labels("failed")._value.get() == 0


def test_several_are_sent_to_one_endpoint_at_once(database, receiver, sender):
    lms = receiver(pause=0.5)
    post(database, number=sending.PLACES)
    sender(lms=lms)
    began = time.monotonic()
    until(lambda: states(database) == {"delivered": sending.PLACES})
    assert time.monotonic() - began < 0.5 * sending.PLACES / 2


def test_an_endpoint_that_answers_byte_by_byte_is_given_up(database, sender, monkeypatch):
    monkeypatch.setattr(letter, "TOTAL_SECONDS", 0.3)

    class Dripping(BaseHTTPRequestHandler):
        def do_POST(self):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
            for _ in range(20):
                time.sleep(0.1)
                try:
                    self.wfile.write(b"x")
                except OSError:
                    return

        def log_message(self, *_):
            pass

    dripping = Receiver()
    dripping.RequestHandlerClass = Dripping
    sender(lms=dripping)
    post(database)
    until(lambda: letters(database)[0].attempts >= 1)
    assert letters(database)[0].error == "TimeoutError"
    dripping.shutdown()
    dripping.server_close()


def test_a_failing_database_does_not_end_it(database, receiver, sender, monkeypatch):
    lms = receiver()
    taken, failures = outbox.take_due, []

    def take_due(*arguments, **named):
        if len(failures) < 3:
            failures.append(1)
            raise StoreError("The database failed.") if len(failures) < 3 else RuntimeError("geheim")
        return taken(*arguments, **named)

    monkeypatch.setattr(outbox, "take_due", take_due)
    sender(lms=lms)
    post(database)
    until(lambda: states(database) == {"delivered": 1})
    assert len(failures) == 3


def test_one_that_could_not_be_recorded_is_sent_again_with_its_id(database, receiver, sender, monkeypatch):
    lms = receiver()
    recorded, failures = outbox.delivered, []

    def delivered(*arguments):
        if not failures:
            failures.append(1)
            raise StoreError("The database failed.")
        recorded(*arguments)

    monkeypatch.setattr(outbox, "delivered", delivered)
    sender(lms=lms)
    post(database)
    until(lambda: failures)
    with database.write() as connection:  # as if the lease had run out
        connection.execute(update(table).values(next_at=0.0))
    until(lambda: states(database) == {"delivered": 1})
    assert len({headers["webhook-id"] for headers, _, _ in lms.got}) == 1


def test_it_stops_while_an_endpoint_is_slow_and_sends_nothing_new(database, receiver):
    slow = receiver(pause=1)
    parts = make_parts(database, callbacks={"lms": slow.callback})
    sender = Sender(database, parts.serve.callbacks, parts.links, parts.metrics)
    post(database, number=20)
    sender.start()
    until(lambda: len(slow.got) == sending.PLACES)
    sender.stop()
    assert states(database) == {"delivered": sending.PLACES, "pending": 20 - sending.PLACES}
    sender.wake()  # after the end: nothing happens
    assert not sender._thread.is_alive()


def test_one_that_was_never_started_stops(database, parts):
    Sender(database, parts.serve.callbacks, parts.links, parts.metrics).stop()


def test_the_log_shows_neither_url_nor_body(database, receiver, sender, caplog):
    caplog.set_level("INFO")
    lms = receiver(500)
    sender(lms=lms)
    post(database)
    until(lambda: states(database) == {"delivered": 1})
    until(lambda: "delivered, attempt 2" in caplog.text)
    own = "".join(one.getMessage() for one in caplog.records if one.name.startswith("grader"))
    assert "to lms for lms-0: failed, attempt 1 (status 500)" in own
    for secret in ("geheim", "token", "whsec", "127.0.0.1", "ada"):
        assert secret not in own
