"""Results: reports as they were kept, under the newest decision of a person."""

import math
import time

import pytest

from grader.errors import StoreError
from grader.models import SCHEMA_VERSION, Override, Score
from grader.store import jobs, schema
from grader.store.results import decision, override, report_of, reports_of
from tests.grader.store.conftest import claimed, finished, kept, make_finding, make_report


def graded(database, name="ada", **changes):
    """A submission by `name` that has this report."""
    (stored,) = kept(database, name)
    assert finished(database, claimed(database), make_report(**changes))
    return stored


def decide(database, stored, points=8.0, passed=True, **changes):
    said = decision(points, passed, "I looked at it.", "Grace").model_copy(update=changes)
    with database.write() as connection:
        override(connection, stored, said)
    return said


def report(database, stored):
    with database.read() as connection:
        return report_of(connection, stored.id)


def test_a_report_is_read_as_it_was_kept(database):
    kept_report = make_report(
        source="loss = 1  # Zoë ☃\n\x00\x1b[31m", output="epoch 1\r\n\t'%s'", losses=(0.5, 2.0)
    )
    stored = graded(database, **dict(kept_report))
    assert report(database, stored) == kept_report


def test_what_is_not_graded_has_no_report(database):
    (ada,) = kept(database, "ada")
    assert report(database, ada) is None
    claimed(database)
    assert report(database, ada) is None


def test_numbers_that_are_not_finite_survive_as_nothing(database):
    finding = make_finding(
        numbers={"norm": math.inf, "loss": math.nan, "least": -math.inf, "step": 3, "lr": 0.5}
    )
    stored = graded(database, losses=(1.0, math.nan, math.inf, -math.inf, None), findings=(finding,))
    found = report(database, stored)
    assert found.losses == (1.0, None, None, None, None)
    assert found.findings[0].numbers == {"norm": None, "loss": None, "least": None, "step": 3, "lr": 0.5}


def test_a_report_that_waits_for_a_person_has_neither_points_nor_verdict(database):
    stored = graded(database, outcome="needs_person", passed=None, score=Score(points=None, max=8.5))
    assert report(database, stored).passed is None
    assert report(database, stored).score.points is None


def test_a_report_of_an_older_schema_still_reads(database):
    stored = graded(database)
    old = make_report().model_dump_json(exclude={"source", "loss_steps", "override", "verification"})
    old = old.replace(f'"schema_version":{SCHEMA_VERSION}', '"schema_version":1')
    with database.write() as connection:
        connection.execute(schema.results.update().values(report=old))
    assert report(database, stored) == make_report(schema_version=1)


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": 99}'])
def test_a_report_that_cannot_be_read_is_a_sentence(database, text):
    stored = graded(database)
    with database.write() as connection:
        connection.execute(schema.results.update().values(report=text))
    with pytest.raises(StoreError, match=r"^A stored report cannot be read by this version of Metronome\.$"):
        report(database, stored)


def test_many_reports_are_read_at_once_and_those_that_are_missing_are_left_out(database, monkeypatch):
    monkeypatch.setattr("grader.store.results._CHUNK", 3)
    stored = [graded(database, f"student {number}", summary=f"{number}") for number in range(8)]
    decide(database, stored[6])
    (waits,) = kept(database, "waits")
    with database.read() as connection:
        found = dict(reports_of(connection, [*(one.id for one in stored), waits.id, 99]))
        assert dict(reports_of(connection, [])) == {}
    assert [one.id for one in stored] == sorted(found)
    assert found[stored[5].id].summary == "5"
    assert found[stored[6].id].override.who == "Grace"


def test_a_decision_stands_over_the_report(database):
    stored = graded(database, outcome="needs_person", passed=None, score=Score(points=None, max=8.5))
    said = decide(database, stored, points=9.25)
    found = report(database, stored)
    assert (found.outcome, found.passed) == ("graded", True)
    assert found.score == Score(points=9.25, max=10.0)
    assert found.summary == "Settled by a person: 9.25 of 10 points."
    assert found.override == said


def test_the_newest_decision_counts(database):
    stored = graded(database)
    decide(database, stored, points=9.0)
    decide(database, stored, points=3.0, passed=False, who="Alan")
    found = report(database, stored)
    assert (found.score.points, found.passed, found.override.who) == (3.0, False, "Alan")


def test_a_decision_stands_when_it_is_graded_again(database):
    stored = graded(database)
    decide(database, stored)
    with database.write() as connection:
        jobs.requeue(connection, [stored.id])
    assert report(database, stored).override is not None
    assert finished(database, claimed(database), make_report(summary="Again."))
    assert report(database, stored).override is not None


def test_a_decision_is_for_one_revision(database):
    first = graded(database)
    decide(database, first)
    (second,) = kept(database, "ada", submission=first.submission.model_copy(update={"source": b"new"}))
    assert second.revision == 2
    finished(database, claimed(database), make_report())
    assert report(database, second) == make_report()
    assert report(database, first).override is not None


def test_a_decision_before_the_grading_waits_for_its_report(database):
    (ada,) = kept(database, "ada")
    decide(database, ada)
    assert report(database, ada) is None
    finished(database, claimed(database), make_report())
    assert report(database, ada).override.points == 8.0


def test_a_decision_is_of_now_in_utc(database):
    said = decision(8.0, True, "I looked at it.", "Grace")
    assert said.when.endswith("+00:00")
    assert said == Override(points=8.0, passed=True, reason="I looked at it.", who="Grace", when=said.when)
    stored = graded(database)
    with database.write() as connection:
        override(connection, stored, said)
        at = connection.execute(schema.overrides.select()).one().at
    assert at == pytest.approx(time.time(), abs=10.0)


@pytest.mark.parametrize(
    "when", ["2026-03-01T10:00:00+00:00", "2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z"]
)
def test_the_time_of_a_decision_is_told_in_utc(database, when):
    stored = graded(database)
    decide(database, stored, when=when)
    assert report(database, stored).override.when == "2026-03-01T10:00:00+00:00"
