"""Deliveries: a webhook that comes again gets its first answer."""

import time

import pytest
from sqlalchemy import select

from grader.errors import StoreError
from grader.store import deliveries, schema
from grader.store.database import is_conflict
from grader.store.deliveries import Answer, first_answer, forget_old, remember

ACCEPTED = Answer(202, '{"id": "ada", "note": "Zoë ☃"}')


def delivered(database, webhook_id, answer=ACCEPTED):
    with database.write() as connection:
        remember(connection, webhook_id, answer)


def test_a_new_id_has_no_answer(database):
    with database.read() as connection:
        assert first_answer(connection, "msg_1") is None


def test_an_id_that_comes_again_gets_its_first_answer(database):
    delivered(database, "msg_1")
    delivered(database, "msg_2", Answer(422, "{}"))
    with database.read() as connection:
        assert first_answer(connection, "msg_1") == ACCEPTED
        assert first_answer(connection, "msg_2") == Answer(422, "{}")
        assert first_answer(connection, "msg_3") is None


def test_a_concurrent_delivery_of_one_id_is_a_conflict_and_the_first_answer_stands(database):
    delivered(database, "msg_1")
    with pytest.raises(StoreError) as caught:
        delivered(database, "msg_1", Answer(500, "{}"))
    assert is_conflict(caught.value)
    with database.read() as connection:
        assert first_answer(connection, "msg_1") == ACCEPTED


def test_an_id_is_forgotten_when_what_it_was_answered_for_is_undone(database):
    def stumble():
        with database.write() as connection:
            remember(connection, "msg_1", ACCEPTED)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    with database.read() as connection:
        assert first_answer(connection, "msg_1") is None


def test_old_ids_are_forgotten_and_younger_ones_are_not(database, monkeypatch):
    now = time.time()
    for name, age in (("old", 1.0), ("young", -60.0)):
        with monkeypatch.context() as then:
            then.setattr(deliveries.time, "time", lambda at=now - deliveries.KEPT_SECONDS - age: at)
            delivered(database, name)
    with database.write() as connection:
        forget_old(connection)
    with database.read() as connection:
        assert connection.execute(select(schema.deliveries.c.webhook_id)).scalars().all() == ["young"]
