"""The outbox: a message is there once, when what it tells is, and is sent until it is taken or dead."""

import json
import math
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from grader.store import jobs, outbox, schema
from grader.store.outbox import (
    DEAD,
    DELIVERED,
    FACTOR,
    FIRST_DELAY,
    LONGEST_DELAY,
    MOST_ATTEMPTS,
    PENDING,
    bury,
    delay,
    delivered,
    failed,
    gone,
    letters,
    post,
    resend,
    switched_off,
    take_due,
)
from grader.store.submissions import keep
from tests.grader.store.conftest import claimed, handed_in, kept, make_finding, make_report

HOOK = "lms"


def do(database, change, *arguments):
    """One change in a transaction of its own."""
    with database.write() as connection:
        return change(connection, *arguments)


def posted(database, *names, callback=HOOK, **changes):
    """Submissions by these names, each with a message in the outbox."""
    stored = kept(database, *names, callback=callback)
    for one in stored:
        do(database, post, one, make_report(**changes))
    return stored


def due(database, limit=100, lease=60.0):
    return do(database, take_due, limit, lease)


def row(database, ident):
    """A message, with all that is known of it."""
    with database.read() as connection:
        return connection.execute(select(schema.outbox).where(schema.outbox.c.id == ident)).one()


def make_due(database):
    """Let the time of all messages come."""
    with database.write() as connection:
        connection.execute(schema.outbox.update().values(next_at=0.0))


def test_a_message_says_whose_report_it_brings(database):
    posted(database, "ada")
    (message,) = due(database)
    assert message.id.startswith("msg_")
    assert (message.callback, message.external_id, message.attempts) == (HOOK, "ada", 0)
    assert message.payload == {
        "submission_id": "ada",
        "student_id": "ada",
        "exercise": "linreg-torch",
        "report": json.loads(make_report().model_dump_json()),
    }


def test_a_submission_without_a_callback_has_no_message(database):
    posted(database, "ada", callback=None)
    assert due(database) == []
    assert do(database, outbox.counts) == {}


def revisions(database, number, callback=HOOK):
    """So many files under one name, oldest first."""
    with database.write() as connection:
        return [
            keep(connection, handed_in(source=b"# %d" % one, callback=callback), "key")
            for one in range(number)
        ]


def told(database):
    """What the messages that are due say, in their order."""
    return [message.payload["report"]["summary"] for message in due(database)]


@pytest.mark.parametrize("state", [PENDING, DEAD])
def test_a_newer_report_takes_the_place_of_one_that_was_not_taken(database, state):
    (stored, _) = posted(database, "ada", "bob", summary="old")
    if state == DEAD:
        do(database, bury, HOOK, "it is off")
    do(database, post, stored, make_report(summary="new"))
    do(database, resend)
    assert sorted(told(database)) == ["new", "old"]
    assert {one.external_id for one in do(database, letters, (PENDING,))} == {"ada", "bob"}


def test_what_was_taken_stays_known(database):
    (stored,) = posted(database, "ada")
    (message,) = due(database)
    do(database, delivered, message)
    do(database, post, stored, make_report())
    assert do(database, outbox.counts) == {DELIVERED: 1, PENDING: 1}


def test_the_failure_of_a_message_that_was_replaced_while_under_way_changes_nothing(database):
    (stored,) = posted(database, "ada", summary="old")
    (message,) = due(database)
    do(database, post, stored, make_report(summary="new"))
    do(database, failed, message, "status 503")
    assert told(database) == ["new"]


def test_an_older_revision_is_not_told_after_a_newer_one(database):
    older, newer = revisions(database, 2)
    do(database, post, newer, make_report(summary="newer"))
    do(database, post, older, make_report(summary="older"))
    assert told(database) == ["newer"]


def test_a_newer_revision_takes_the_place_of_an_older_one(database):
    (older,) = revisions(database, 1)
    do(database, post, older, make_report(summary="older"))
    *_, newer = revisions(database, 2)
    do(database, post, newer, make_report(summary="newer"))
    assert told(database) == ["newer"]


def test_a_revision_for_another_callback_keeps_nothing_from_the_first(database):
    (older,) = revisions(database, 1)
    revisions(database, 2, callback="other")
    do(database, post, older, make_report(summary="older"))
    assert told(database) == ["older"]


def test_a_payload_is_json_whatever_the_numbers_are(database):
    finding = make_finding(numbers={"norm": math.inf})
    posted(database, "ada", losses=(math.nan, 1.0), findings=(finding,))
    (message,) = due(database)
    json.dumps(message.payload, allow_nan=False)
    assert message.payload["report"]["losses"] == [None, 1.0]
    assert message.payload["report"]["findings"][0]["numbers"] == {"norm": None}


def test_a_message_is_written_with_the_result_it_tells_or_not_at_all(database):
    kept(database, "ada", callback=HOOK)
    claim = claimed(database)

    def finish(connection, stumbles):
        assert jobs.finish(connection, claim, make_report(), "key")
        post(connection, claim.stored, make_report())
        if stumbles:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        do(database, finish, True)
    assert (do(database, outbox.counts), do(database, jobs.counts)) == ({}, {"running": 1})
    do(database, finish, False)
    assert (do(database, outbox.counts), do(database, jobs.counts)) == ({PENDING: 1}, {"done": 1})


def test_a_message_that_is_taken_is_not_due_for_anybody_until_its_lease_ends(database):
    posted(database, "ada")
    (message,) = due(database, lease=60.0)
    assert due(database) == []
    assert row(database, message.id).next_at == pytest.approx(time.time() + 60.0, abs=10.0)
    make_due(database)
    assert due(database) == [message]


def test_no_more_are_taken_than_asked_for_and_the_longest_due_come_first(database):
    posted(database, "ada", "bob", "cyd")
    assert [message.external_id for message in due(database, limit=2)] == ["ada", "bob"]
    assert [message.external_id for message in due(database, limit=2)] == ["cyd"]


def test_eight_that_take_at_once_never_get_a_message_twice(database):
    posted(database, *(f"student {number}" for number in range(40)))

    def take(_):
        mine = []
        while messages := due(database, limit=3):
            mine += [message.external_id for message in messages]
        return mine

    with ThreadPoolExecutor(8) as threads:
        taken = [name for mine in threads.map(take, range(8)) for name in mine]
    assert len(taken) == len(set(taken)) == 40


def test_a_message_that_was_delivered_never_comes_again(database):
    posted(database, "ada")
    (message,) = due(database)
    do(database, failed, message, "503")
    make_due(database)
    (message,) = due(database)
    do(database, delivered, message)
    make_due(database)
    assert due(database) == []
    found = row(database, message.id)
    assert (found.state, found.attempts, found.error) == (DELIVERED, 2, "")
    assert found.delivered_at == pytest.approx(time.time(), abs=10.0)


def test_a_message_that_failed_comes_again_after_its_delay_and_says_why(database, monkeypatch):
    monkeypatch.setattr(outbox, "delay", lambda attempts: 1000.0 * attempts)
    posted(database, "ada")
    for attempts in (1, 2, 3):
        make_due(database)
        (message,) = due(database)
        do(database, failed, message, f"failure {attempts}")
        found = row(database, message.id)
        assert (found.state, found.attempts, found.error) == (PENDING, attempts, f"failure {attempts}")
        assert found.next_at == pytest.approx(time.time() + 1000.0 * attempts, abs=10.0)
    assert due(database) == []


def test_a_long_error_is_cut(database):
    posted(database, "ada")
    (message,) = due(database)
    do(database, failed, message, "x" * 10_000)
    assert row(database, message.id).error == "x" * 500


@given(attempts=st.integers(1, MOST_ATTEMPTS))
def test_a_delay_grows_with_the_attempts_up_to_the_longest(attempts):
    usual = min(FIRST_DELAY * FACTOR ** (attempts - 1), LONGEST_DELAY)
    assert 0.75 * usual <= delay(attempts) <= 1.25 * usual


def test_delays_differ():
    assert len({delay(3) for _ in range(20)}) > 10


def test_all_attempts_together_take_days(monkeypatch):
    monkeypatch.setattr("random.uniform", lambda low, high: (low + high) / 2)
    days = sum(delay(attempts) for attempts in range(1, MOST_ATTEMPTS)) / 86_400
    assert days == pytest.approx(2.5, abs=0.1)


def test_a_message_is_dead_after_the_last_attempt_and_not_before(database):
    posted(database, "ada")
    for attempts in range(1, MOST_ATTEMPTS + 1):
        make_due(database)
        (message,) = due(database)
        do(database, failed, message, "503")
        assert (row(database, message.id).state == DEAD) == (attempts == MOST_ATTEMPTS)
    make_due(database)
    assert due(database) == []


def test_an_endpoint_that_is_gone_is_switched_off_and_what_waits_for_it_is_dead(database):
    posted(database, "ada", "bob")
    posted(database, "cyd", callback="other")
    message, *_ = due(database, limit=1)
    do(database, gone, message)
    do(database, gone, message)
    assert do(database, switched_off) == {HOOK}
    make_due(database)
    assert [message.callback for message in due(database)] == ["other"]
    dead = do(database, letters)
    assert [letter.external_id for letter in dead] == ["ada", "bob"]
    assert all("410" in letter.error for letter in dead)


def test_what_was_delivered_before_is_not_buried(database):
    posted(database, "ada", "bob")
    first, second = due(database)
    do(database, delivered, first)
    do(database, bury, HOOK, "no longer configured")
    assert row(database, first.id).state == DELIVERED
    assert (row(database, second.id).state, row(database, second.id).error) == (DEAD, "no longer configured")


def test_a_failure_that_comes_late_does_not_revive_a_dead_letter(database):
    posted(database, "ada")
    (message,) = due(database)
    do(database, bury, HOOK, "gone")
    do(database, failed, message, "503")
    assert (row(database, message.id).state, row(database, message.id).error) == (DEAD, "gone")


def test_dead_letters_sent_again_are_due_at_once_and_their_endpoints_on(database):
    posted(database, "ada", "bob")
    message, *_ = due(database)
    do(database, failed, message, "503")
    do(database, gone, message)
    assert do(database, resend) == 2
    assert do(database, switched_off) == set()
    assert [(one.external_id, one.attempts) for one in due(database)] == [("ada", 0), ("bob", 0)]
    assert do(database, resend) == 0


def test_only_the_dead_letters_that_are_named_are_sent_again(database):
    posted(database, "ada", "bob")
    posted(database, "cyd", callback="other")
    ada, _, cyd = due(database)
    do(database, gone, ada)
    do(database, gone, cyd)
    assert do(database, resend, [ada.id, "msg_unknown"]) == 1
    assert do(database, switched_off) == {"other"}
    assert [letter.external_id for letter in do(database, letters)] == ["bob", "cyd"]
    assert do(database, resend, []) == 0


def test_a_message_that_is_not_dead_is_not_sent_again(database):
    posted(database, "ada")
    (message,) = due(database)
    do(database, delivered, message)
    assert do(database, resend, [message.id]) == 0
    assert row(database, message.id).state == DELIVERED


def test_letters_are_listed_by_state_oldest_first_and_bounded(database):
    posted(database, "ada", "bob", "cyd")
    first, *_ = due(database)
    do(database, delivered, first)
    listed = do(database, letters, (PENDING, DELIVERED))
    assert [(one.external_id, one.state, one.attempts) for one in listed] == [
        ("ada", DELIVERED, 1),
        ("bob", PENDING, 0),
        ("cyd", PENDING, 0),
    ]
    assert do(database, letters, (PENDING, DELIVERED), 2) == listed[:2]
    assert do(database, letters) == []
    assert do(database, outbox.counts) == {DELIVERED: 1, PENDING: 2}
