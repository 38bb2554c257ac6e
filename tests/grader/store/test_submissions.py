"""Submissions: the same again is the same row, a changed one is a new revision."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from grader.errors import StoreError
from grader.models import Submission
from grader.store import jobs, schema
from grader.store.database import is_conflict
from grader.store.submissions import WITHDRAWN, by_number, job_key, keep, newest
from tests.grader.store.conftest import claimed, finished, handed_in, kept, make_report


@pytest.fixture
def report():
    return make_report()


def again(database, **changes):
    """Ada hands in what she handed in before, or something changed."""
    return kept(database, "ada", **changes)[0]


def current(database, stored):
    with database.read() as connection:
        return by_number(connection, stored.id)


def test_a_submission_is_kept_as_it_was_handed_in(database):
    file = Submission(filename="my loop.py", source=bytes(range(256)), exercise="linreg-torch", student="Zoë")
    sent = handed_in("moodle:17/☃", submission=file, problem="it is empty", callback="https://lms/hook")
    with database.write() as connection:
        stored = keep(connection, sent, "ab" * 32)
    assert current(database, stored) == stored
    assert (stored.external_id, stored.submission, stored.problem, stored.callback) == (
        sent.external_id,
        file,
        "it is empty",
        "https://lms/hook",
    )
    assert (stored.revision, stored.state, stored.key, stored.gradings) == (1, "queued", "ab" * 32, 0)


def test_the_digest_of_the_file_is_kept_beside_it(database):
    stored = again(database)
    with database.read() as connection:
        assert connection.execute(select(schema.submissions.c.sha256)).scalar() == stored.submission.sha256


def test_the_same_again_is_the_same_row(database):
    first = again(database)
    assert again(database) == first
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(schema.submissions)).scalar() == 1
        assert jobs.counts(connection) == {"queued": 1}


def test_the_same_again_keeps_its_result_and_its_key(database, report):
    first = again(database)
    assert finished(database, claimed(database), report, "old key")
    with database.write() as connection:
        second = keep(connection, handed_in("ada"), "new key")
    assert second == dataclasses.replace(first, state="done", key="old key", gradings=1)


CHANGES = {
    "file": {"source": b"loss.backward(); optimizer.step()\n"},
    "problem": {"problem": "it is too large"},
    "callback": {"callback": "https://lms/hook"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_one_is_a_new_revision_and_withdraws_the_job_that_waited(database, change):
    first = again(database)
    second = again(database, **CHANGES[change])
    assert (second.id != first.id, second.revision, second.state) == (True, 2, "queued")
    assert current(database, first).state == WITHDRAWN
    assert claimed(database).stored.id == second.id
    assert claimed(database) is None


@pytest.mark.parametrize("field", ["filename", "exercise", "student"])
def test_another_name_exercise_or_student_is_a_new_revision_too(database, field):
    first = again(database)
    changed = first.submission.model_copy(update={field: "other"})
    assert again(database, submission=changed).revision == 2


def test_a_job_that_runs_is_not_withdrawn_by_a_new_revision(database, report):
    first = again(database)
    claim = claimed(database)
    second = again(database, source=b"new")
    assert finished(database, claim, report)
    assert current(database, first).state == "done"
    assert current(database, second).state == "queued"


def test_a_result_of_an_older_revision_stays(database, report):
    first = again(database)
    finished(database, claimed(database), report)
    again(database, source=b"new")
    assert current(database, first).state == "done"


def test_the_first_file_again_after_another_is_a_third_revision(database):
    again(database)
    again(database, source=b"new")
    third = again(database)
    assert third.revision == 3
    with database.read() as connection:
        assert newest(connection, "ada") == third


def test_submissions_under_other_names_are_left_alone(database):
    ada, bob = kept(database, "ada", "bob")
    again(database, source=b"new")
    assert current(database, ada).state == WITHDRAWN
    assert current(database, bob) == bob


def test_what_is_not_there_is_none(database):
    with database.read() as connection:
        assert newest(connection, "ada") is None
        assert by_number(connection, 1) is None


def test_many_that_hand_in_the_same_at_once_end_with_one_row(database):
    """A conflict tells the later one to look again (see `is_conflict`)."""
    together = Barrier(8)

    def hand_in(_):
        together.wait()
        try:
            return again(database)
        except StoreError as error:
            return again(database) if is_conflict(error) else None

    with ThreadPoolExecutor(8) as threads:
        stored = list(threads.map(hand_in, range(8)))
    assert set(stored) == {stored[0]}
    assert stored[0].revision == 1


def test_many_that_hand_in_other_files_at_once_are_as_many_revisions(database):
    again(database)
    together = Barrier(8)

    def hand_in(number):
        together.wait()
        return again(database, source=b"# %d" % number).revision

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(hand_in, range(8))) == [2, 3, 4, 5, 6, 7, 8, 9]


def test_a_key_tells_apart_whatever_a_result_rests_on():
    fields = ("ab", "ada", "linreg-torch", 1, "digest")
    keys = {job_key(*fields)}
    for place, other in enumerate(("abc", "adal", "linreg", 2, "digest2")):
        keys.add(job_key(*fields[:place], other, *fields[place + 1 :]))
    keys.add(job_key("a", "bada", *fields[2:]))
    assert len(keys) == 7
    assert all(len(key) == 64 for key in keys)
    assert job_key(*fields) in keys
