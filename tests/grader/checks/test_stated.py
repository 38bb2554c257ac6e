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
        ([a_pass(0, loader=1, trained=0)], True),  # one epoch's only
        ([a_pass(0, loader=1, trained=0), a_pass(1, loader=1, trained=0)], False),
        ([evaluation()], False),  # of batches that were kept
        ([evaluation(trained=3)], True),
        ([evaluation(trained=2)], True),
    ],
)
def test_fewer_validations_than_epochs_are_found(records, guilty):
    seen = facts(
        end({"B": 8, "S": 8}), *held_out(), *records, validated=1, epochs=2, exercise="production-template"
    )
    assert bool(validated(seen)) is guilty
    assert (
        validated(facts(end({"B": 8}), *held_out(), *records, epochs=2, exercise="production-template"))
        is None
    )


def walks(*, trained_module=True):
    uses = [
        trace.ForwardUse(
            module=0, loader=0, grad=True, mode="t", layers=[], calls=8, trained=8, line=1, at_step=0
        )
    ]
    passes = [a_pass(number, loader=1, trained=0) for number in (1, 3)]
    return [*held_out(), *passes, *(uses if trained_module else [])]


@pytest.mark.parametrize(("more", "guilty"), [({}, True), ({"f": 4}, False), ({"l": 4}, False)])
def test_held_out_batches_that_the_model_never_sees_are_no_validation(more, guilty):
    seen = facts(
        end({"B": 8, "S": 8, **more}), *walks(), validated=1, epochs=2, exercise="production-template"
    )
    assert bool(validated(seen)) is guilty
    hidden = facts(
        end({"B": 8, "S": 8, **more}),
        *walks(trained_module=False),
        validated=1,
        epochs=2,
        exercise="production-template",
    )
    assert validated(hidden) is None  # a loop whose forwards show nowhere


def test_an_evaluation_of_training_batches_is_named():
    walked = [a_pass(number, loader=0, trained=0) for number in (1, 3)]
    found = validated(
        facts(
            end({"B": 8, "S": 8}), *held_out(), *walked, validated=1, epochs=2, exercise="production-template"
        )
    )
    assert "Training batches were evaluated instead" in found.evidence
