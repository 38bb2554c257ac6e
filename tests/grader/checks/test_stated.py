"""What an exercise states beside the optimizer's numbers: 16 bits, the highest rate, a validation."""

import pytest

from grader.checks.stated import highest_rate, precision, validated
from sandbox import trace
from tests.grader.checks.tape import a_pass, end, facts, loader


def forwards(*flags):
    return [trace.Row(window=0, beat="F", step=n, line=3, flags=flag) for n, flag in enumerate(flags)]


@pytest.mark.parametrize(
    ("flags", "asked", "guilty"),
    [
        (("th", "th", "th"), 1, False),
        (("tb", "tb", "tb"), 1, False),
        (("t", "t", "t"), 1, True),
        (("t", "t", "t"), 0, False),
        (("t", "t"), 1, False),
        (("t", "t", "th", "th"), 1, False),
        (("t", "t", "t", "th"), 1, True),
    ],
)
def test_most_forwards_must_run_under_autocast_where_it_is_asked_for(flags, asked, guilty):
    assert bool(precision(facts(*forwards(*flags), autocast=asked))) is guilty


def rates(*runs):
    return trace.Rates(optimizer=0, runs=[list(run) for run in runs], truncated=False)


@pytest.mark.parametrize(
    ("highest", "schedule", "guilty"),
    [
        (0.01, "own", False),
        (0.0095, "own", False),
        (0.0085, "own", True),
        (0.0101, "own", True),
        (0.1, "", False),
    ],
)
def test_the_highest_rate_is_the_stated_one(highest, schedule, guilty):
    seen = facts(rates((highest / 2, 4), (highest, 4), (0.0, 4)), lr=0.01, schedule=schedule)
    assert bool(highest_rate(seen)) is guilty


def test_a_few_steps_show_no_highest_rate():
    assert highest_rate(facts(rates((0.001, 7)), lr=0.01, schedule="own")) is None


def held_out():
    return [loader(0), loader(1, given=True)]


def evaluation(trained=0):
    return trace.ForwardUse(
        module=0, loader=-1, grad=True, mode="e", layers=[], calls=3, trained=trained, line=1, at_step=8
    )


@pytest.mark.parametrize(
    ("records", "guilty"),
    [
        ([], True),
        ([a_pass(0, trained=8)], True),
        ([a_pass(0, loader=1, trained=0)], False),
        ([evaluation()], False),
        ([evaluation(trained=3)], True),
    ],
)
def test_without_any_evaluation_the_validation_is_missing(records, guilty):
    seen = facts(end({"B": 8, "S": 8}), *held_out(), *records, validated=1)
    assert bool(validated(seen)) is guilty
    assert validated(facts(end({"B": 8}), *held_out(), *records)) is None
