"""Jobs: nobody does one twice, a lost lease loses the job, and a result stays until a new one comes."""

import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from grader.store import jobs, schema
from grader.store.database import open_database
from grader.store.results import report_of
from grader.store.submissions import by_number, keep
from tests.grader.store.conftest import claimed, finished, handed_in, kept, make_report

LOST = -1.0
"""A lease that ran out before it began."""


def state(database, stored):
    with database.read() as connection:
        return by_number(connection, stored.id).state


def summary(database, stored):
    """The summary of a submission's report, or None."""
    with database.read() as connection:
        report = report_of(connection, stored.id)
    return report and report.summary


def row(database, stored):
    """A job, with all that is known of it."""
    with database.read() as connection:
        return connection.execute(select(schema.jobs).where(schema.jobs.c.id == stored.job_id)).one()


def do(database, change, *arguments):
    """One change in a transaction of its own."""
    with database.write() as connection:
        return change(connection, *arguments)


def test_jobs_are_claimed_in_the_order_they_came(database):
    stored = kept(database, "ada", "bob", "cyd")
    taken = [claimed(database).stored.id for _ in range(3)]
    assert taken == [one.id for one in stored]
    assert claimed(database) is None


def test_a_claimed_job_is_running_for_its_owner(database):
    (ada,) = kept(database, "ada")
    before = time.time()
    claim = claimed(database, owner="worker 1", lease=60.0)
    assert (claim.owner, claim.stored.id, claim.failures) == ("worker 1", ada.id, 0)
    assert (claim.stored.state, claim.stored.submission) == ("running", ada.submission)
    found = row(database, ada)
    assert found.owner == "worker 1"
    assert before <= found.started_at <= time.time()
    assert found.lease_until == pytest.approx(found.started_at + 60.0)


def test_eight_that_claim_at_once_never_get_a_job_twice(database):
    stored = kept(database, *(f"student {number}" for number in range(60)))
    report = make_report()

    def work(number):
        mine = []
        while claim := claimed(database, owner=f"worker {number}"):
            assert finished(database, claim, report)
            mine.append(claim.stored.id)
        return mine

    with ThreadPoolExecutor(8) as threads:
        done = [ident for mine in threads.map(work, range(8)) for ident in mine]
    assert sorted(done) == [one.id for one in stored]
    assert do(database, jobs.counts) == {"done": 60}
    assert do(database, jobs.outcome_counts) == {"graded": 60}


def test_a_job_whose_lease_ran_out_is_claimed_by_another(database):
    (ada,) = kept(database, "ada")
    claimed(database, owner="dead", lease=LOST)
    claim = claimed(database, owner="alive")
    assert (claim.owner, claim.stored.id) == ("alive", ada.id)
    assert claimed(database, owner="late") is None


def test_a_lease_is_renewed_for_that_job_and_owner_alone(database):
    ada, bob, cyd = kept(database, "ada", "bob", "cyd")
    mine, _, others = (claimed(database, owner=owner, lease=60.0) for owner in ("one", "one", "other"))
    do(database, jobs.renew, mine, LOST)
    do(database, jobs.renew, replace(others, owner="nobody"), LOST)
    assert [row(database, one).lease_until < time.time() for one in (ada, bob, cyd)] == [True, False, False]
    do(database, jobs.renew, mine, 60.0)
    assert claimed(database) is None


def test_a_renewal_does_not_bring_back_what_is_finished(database):
    (ada,) = kept(database, "ada")
    claim = claimed(database, owner="one")
    finished(database, claim, make_report())
    do(database, jobs.renew, claim, 60.0)
    assert row(database, ada).lease_until is None


def test_a_finished_job_has_its_result_and_what_it_rests_on(database):
    (ada,) = kept(database, "ada")
    assert finished(database, claimed(database), make_report(summary="Right."), key="ab" * 32)
    found = row(database, ada)
    assert (found.state, found.owner, found.lease_until) == ("done", None, None)
    assert (found.key, found.gradings, found.failures) == ("ab" * 32, 1, 0)
    assert summary(database, ada) == "Right."


def test_who_lost_the_lease_may_not_finish_and_the_new_owners_result_stays(database):
    (ada,) = kept(database, "ada")
    late = claimed(database, owner="late", lease=LOST)
    claim = claimed(database, owner="new")
    assert not finished(database, late, make_report(summary="Too late."))
    assert state(database, ada) == "running"
    assert finished(database, claim, make_report(summary="In time."))
    assert not finished(database, late, make_report(summary="Too late."))
    assert summary(database, ada) == "In time."
    assert row(database, ada).gradings == 1


def test_a_lease_that_ran_out_but_was_not_taken_may_still_be_finished(database):
    (ada,) = kept(database, "ada")
    assert finished(database, claimed(database, lease=LOST), make_report())
    assert state(database, ada) == "done"


@pytest.mark.parametrize("change", [lambda *claim: jobs.retry(*claim, 0.0), jobs.give_back])
def test_who_lost_the_lease_cannot_put_the_job_back(database, change):
    (ada,) = kept(database, "ada")
    late = claimed(database, owner="late", lease=LOST)
    claimed(database, owner="new")
    do(database, change, late)
    assert (row(database, ada).owner, row(database, ada).failures) == ("new", 0)


def test_a_failure_of_ours_is_tried_again_later_and_counted(database):
    (ada,) = kept(database, "ada")
    do(database, jobs.retry, claimed(database), 60.0)
    assert state(database, ada) == "queued"
    assert claimed(database) is None
    assert row(database, ada).not_before == pytest.approx(time.time() + 60.0, abs=10.0)
    do(database, jobs.requeue, [ada.id])
    do(database, jobs.retry, claimed(database), 0.0)
    do(database, jobs.retry, claimed(database), 0.0)
    assert claimed(database).failures == 2


def test_failures_are_forgotten_when_it_is_finished(database):
    (ada,) = kept(database, "ada")
    do(database, jobs.retry, claimed(database), 0.0)
    finished(database, claimed(database), make_report())
    assert row(database, ada).failures == 0


def test_a_job_to_be_tried_later_does_not_hold_up_others(database):
    _, bob = kept(database, "ada", "bob")
    do(database, jobs.retry, claimed(database), 60.0)
    assert claimed(database).stored.id == bob.id


def test_a_job_given_back_is_as_if_it_had_never_been_claimed(database):
    (ada,) = kept(database, "ada")
    do(database, jobs.give_back, claimed(database, owner="one"))
    found = row(database, ada)
    assert (found.state, found.owner, found.failures, found.gradings) == ("queued", None, 0, 0)
    assert claimed(database, owner="two").failures == 0


def test_all_that_runs_can_be_released_and_nothing_else(database):
    report = make_report()
    stored = kept(database, "ada", "bob", "cyd", "dan")
    finished(database, claimed(database), report)
    lost = [claimed(database, owner="dead") for _ in range(2)]
    do(database, jobs.release_all)
    assert [state(database, one) for one in stored] == ["done", "queued", "queued", "queued"]
    assert not any(finished(database, claim, report) for claim in lost)


def test_a_job_queued_again_keeps_its_result_until_the_new_one(database):
    (ada,) = kept(database, "ada")
    finished(database, claimed(database), make_report(summary="Old."))
    do(database, jobs.requeue, [ada.id])
    assert summary(database, ada) == "Old."
    claim = claimed(database)
    assert summary(database, ada) == "Old."
    finished(database, claim, make_report(summary="New."))
    assert summary(database, ada) == "New."
    assert row(database, ada).gradings == 2


def test_a_job_that_runs_is_not_queued_again(database):
    ada, bob = kept(database, "ada", "bob")
    claim = claimed(database, owner="one")
    do(database, jobs.requeue, [ada.id, bob.id])
    assert (state(database, ada), row(database, ada).owner) == ("running", "one")
    assert finished(database, claim, make_report())


def test_only_what_waits_and_is_not_named_is_withdrawn(database):
    stored = kept(database, "done", "running", "named", "other")
    finished(database, claimed(database), make_report())
    claimed(database)
    do(database, jobs.withdraw_others, [stored[2].id])
    assert [state(database, one) for one in stored] == ["done", "running", "queued", "withdrawn"]
    do(database, jobs.withdraw_others, [])
    assert state(database, stored[2]) == "withdrawn"
    assert claimed(database) is None


def test_a_withdrawn_job_can_be_queued_again(database):
    (ada,) = kept(database, "ada")
    do(database, jobs.withdraw_others, [])
    do(database, jobs.requeue, [ada.id])
    assert claimed(database).stored.id == ada.id


def test_jobs_and_results_are_counted(database):
    stored = kept(database, "ada", "bob", "cyd", "dan")
    finished(database, claimed(database), make_report())
    finished(database, claimed(database), make_report(outcome="needs_person", passed=None))
    claimed(database)
    assert do(database, jobs.counts) == {"done": 2, "running": 1, "queued": 1}
    assert do(database, jobs.outcome_counts) == {"graded": 1, "needs_person": 1}
    assert do(database, jobs.open_count) == 2
    assert sorted(do(database, jobs.done_numbers)) == [one.id for one in stored[:2]]


def test_only_queued_jobs_that_came_before_are_ahead(database):
    *_, last = kept(database, "ada", "bob", "cyd")
    assert do(database, jobs.ahead, last) == 2
    claimed(database)
    assert do(database, jobs.ahead, last) == 1


def test_a_result_and_what_it_tells_are_kept_together_or_not_at_all(database):
    (ada,) = kept(database, "ada")
    claim = claimed(database)

    def stumble(connection):
        assert jobs.finish(connection, claim, make_report(), "key")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        do(database, stumble)
    assert state(database, ada) == "running"
    assert summary(database, ada) is None
    assert finished(database, claim, make_report())


NUMBERS = st.sets(st.integers(1, 4))
RECENT = st.integers(1, 3)
"""A claim, counted from the last one: its owner may have lost it since."""


class Life(RuleBasedStateMachine):
    """Whatever workers do, one at a time, in any order, beside a plain account of who owns what."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="mtr-")
        self.database = open_database(Path(self.folder.name) / "grade.db")
        self.workers = 0
        self.claims = []
        self.owners = {}
        self.expired = set()
        self.finishes = Counter()
        self.reports = {}

    def teardown(self):
        self.database.close()
        self.folder.cleanup()

    def change(self, change, *arguments):
        return do(self.database, change, *arguments)

    def owned(self, claim):
        return self.owners.get(claim.stored.id) == claim.owner

    @initialize()
    def begin(self):
        """There is something to do."""
        for name in ("ada", "bob"):
            self.hand_in(name, b"one")

    @rule(name=st.sampled_from(["ada", "bob"]), source=st.sampled_from([b"one", b"one", b"two"]))
    def hand_in(self, name, source):
        self.change(keep, handed_in(name, source=source), "key")

    @rule(lease=st.sampled_from([LOST, LOST, 60.0]))
    def claim(self, lease):
        self.workers += 1
        claim = claimed(self.database, owner=f"worker {self.workers}", lease=lease)
        if claim is None:
            assert not self.expired
            assert not self.change(jobs.counts).get("queued")
            self.change(jobs.requeue, [1, 2])  # or little would happen from here on
            return
        number = claim.stored.id
        assert number not in self.owners or number in self.expired
        self.owners[number] = claim.owner
        (self.expired.add if lease == LOST else self.expired.discard)(number)
        self.claims.append(claim)

    @rule(times=st.integers(1, 4))
    def work(self, times):
        """As it mostly goes: claimed and finished."""
        for _ in range(times):
            before = len(self.claims)
            self.claim(60.0)
            if len(self.claims) > before:
                self.end(1, "finish")

    @precondition(lambda self: self.claims)
    @rule(which=RECENT, end=st.sampled_from(["finish", "finish", "finish", "retry", "give back"]))
    def end(self, which, end):
        claim = self.claims[-min(which, len(self.claims))]
        if end == "finish":
            self.finish(claim)
        elif end == "retry":
            self.change(jobs.retry, claim, LOST)
        else:
            self.change(jobs.give_back, claim)
        if self.owned(claim):
            del self.owners[claim.stored.id]
            self.expired.discard(claim.stored.id)

    def finish(self, claim):
        said = f"{claim.owner}, {self.finishes.total()}"
        assert finished(self.database, claim, make_report(summary=said), key=said) == self.owned(claim)
        if self.owned(claim):
            self.finishes[claim.stored.id] += 1
            self.reports[claim.stored.id] = said

    @rule(what=st.sampled_from(["requeue", "requeue", "withdraw", "release"]), numbers=NUMBERS)
    def meddle(self, what, numbers):
        if what == "release":
            self.change(jobs.release_all)
            self.owners.clear()
            self.expired.clear()
        else:
            self.change(jobs.requeue if what == "requeue" else jobs.withdraw_others, sorted(numbers))

    @invariant()
    def the_database_says_what_the_account_says(self):
        with self.database.read() as connection:
            rows = connection.execute(select(schema.jobs)).all()
            results = connection.execute(select(schema.results.c.job_id)).scalars().all()
            reports = {one.submission_id: report_of(connection, one.submission_id) for one in rows}
        running = {one.submission_id: one.owner for one in rows if one.state == "running"}
        assert running == self.owners
        assert all(one.owner is None for one in rows if one.state != "running")
        assert {one.submission_id: one.gradings for one in rows if one.gradings} == dict(self.finishes)
        assert {number: report.summary for number, report in reports.items() if report} == self.reports
        assert len(results) == len(set(results)) == len(self.reports)
        assert {one.submission_id for one in rows if one.state == "done"} <= set(self.reports)


Life.TestCase.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
TestLife = Life.TestCase
