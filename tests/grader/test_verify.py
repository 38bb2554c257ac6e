"""Which records are judged after a replay, and what is said of it."""

import pytest

from grader.models import Verification
from grader.verify import Replayed, composed, lesser, told
from sandbox import trace
from tests.grader.fakes import HEADER, STARTED

VERIFIED = Verification(status="verified", method="replay")
OBSERVED = Verification(status="observed", method="none")
UNVERIFIED = Verification(status="unverified", method="replay")


def end(**changes):
    fields = {
        "finished": True,
        "steps": 3,
        "counts": {"S": 3},
        "trained_rows": 48,
        "moved": True,
        "seconds": 1.0,
        "dropped": 0,
        "failures": 0,
    }
    return trace.End(**{**fields, **changes})


def rates(value):
    return trace.Rates(optimizer=0, runs=[[value, 3]], truncated=False)


def test_numbers_are_the_replays_and_habits_the_runs():
    sync = trace.Sync(calls=3, steps=3, line=7)
    claimed = (HEADER, STARTED, rates(0.05), sync, end(steps=30, failures=2, finished=False))
    own = (HEADER, rates(0.5), trace.Sync(calls=0, steps=0, line=0), end(steps=3, failures=1))
    judged = composed(claimed, own)
    assert [record for record in judged if isinstance(record, trace.Rates)] == [rates(0.5)]
    assert [record for record in judged if isinstance(record, trace.Sync)] == [sync]
    assert [record for record in judged if isinstance(record, trace.Started)] == [STARTED]
    (last,) = (record for record in judged if isinstance(record, trace.End))
    assert (last.steps, last.failures, last.finished) == (3, 3, False)


def answered(case, value):
    return trace.Answer(function="train", case=case, value=value, mutated=[], notes={"splits": [value]})


def test_an_answer_that_the_replay_gave_is_taken_in_place_of_the_claimed_one():
    claimed = (HEADER, answered("returned", 1), answered("losses", 2), end())
    judged = composed(claimed, (HEADER, answered("losses", 3), end()))
    answers = [record for record in judged if isinstance(record, trace.Answer)]
    assert sorted(answers, key=lambda item: item.case) == [answered("losses", 3), answered("returned", 1)]


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("equal", "verified"),
        ("unknown", "observed"),
        ("different", "unverified"),
        ("contradiction", "unverified"),
        ("too-long", "unverified"),
        ("anything else", "unverified"),
    ],
)
def test_only_what_came_to_the_same_is_verified(status, wanted):
    verification = told(Replayed(status, "why", 9, ()))
    assert (verification.status, verification.method) == (wanted, "replay")
    assert verification.distance == (0.0 if wanted == "verified" else None)


def test_of_several_runs_the_one_that_says_least_counts():
    assert lesser(VERIFIED, OBSERVED) == lesser(OBSERVED, VERIFIED) == OBSERVED
    assert lesser(OBSERVED, UNVERIFIED) == UNVERIFIED
    assert lesser(VERIFIED, VERIFIED) == VERIFIED
    assert lesser(None, None) is None


@pytest.mark.parametrize("pair", [(VERIFIED, None), (None, VERIFIED)])
def test_a_run_that_was_not_verified_lets_no_other_vouch_for_it(pair):
    assert lesser(*pair).status == "observed"
    assert lesser(*pair).method == "replay"
