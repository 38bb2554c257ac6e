"""Curves that a `fit` returns: their form, their numbers, and what explains wrong ones."""

import dataclasses

import pytest

from grader.checks import curves
from grader.checks.registry import Clear, Found, Unknown
from sandbox import trace
from sandbox.answers import plain
from tests.grader.checks.tape import a_pass, end
from tests.grader.checks.test_heldout import seen, use

LOSSES, SHARES = [0.9, 0.6, 0.5], [0.5, 0.75, 0.875]
RIGHT = {"train_loss": [1.0, 0.8, 0.7], "val_loss": LOSSES, "val_accuracy": SHARES}


def observed(epoch, sha=None):
    values = {
        "val_loss": LOSSES[epoch],
        "val_loss_batches": LOSSES[epoch] + 0.02,
        "val_loss_last": 0.3,
        "val_accuracy": SHARES[epoch],
        "val_accuracy_batches": SHARES[epoch] + 0.01,
        "val_accuracy_last": 0.25,
        "val_batches": 4.0,
        "val_samples": 204.0,
    }
    train = {"train_loss": 0.4, "train_loss_batches": 0.41, "train_accuracy": 0.9}
    return trace.Observed(loader=1, at_step=8 * (epoch + 1), values=values | train, sha256=sha or f"e{epoch}")


def run(value, *more, passes=True):
    records = [trace.Hash(step=0, sha256="start"), use(1), end({"B": 24, "S": 24})]
    if passes:
        for number, loss in enumerate(RIGHT["train_loss"]):
            records.append(a_pass(number, loss=loss * 128, loss_rows=128, loss_means=loss * 8))
    answer = trace.Answer(function="fit", case="", value=plain(value), mutated=[], notes={})
    return seen(*records, answer, *(more or [observed(epoch) for epoch in range(3)]))


def slug_of(facts):
    checks = {
        "wrong-shape": curves.wrong_shape,
        "wrong-value": curves.wrong_value,
        "wrong-average": curves.wrong_average,
    }
    return {slug: verdict for slug, look in checks.items() if isinstance(verdict := look(facts), Found)}


def test_right_curves_are_clear():
    assert slug_of(run(RIGHT)) == {}
    assert slug_of(run({**RIGHT, "val_loss": tuple(LOSSES), "more": 3})) == {}
    assert slug_of(run({**RIGHT, "train_loss": [0.4, 0.4, 0.4]})) == {}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "returned None"),
        ([1.0], "returned list"),
        ({"train_loss": [1.0]}, "'val_loss'"),
        ({**RIGHT, "val_loss": 0.5}, "a float"),
        ({**RIGHT, "val_loss": LOSSES[:2]}, "it has 2"),
        ({**RIGHT, "val_loss": [0.9, "0.6", 0.5]}, "val_loss[1]"),
        ({**RIGHT, "val_accuracy": [True, 1, 1]}, "val_accuracy[0]"),
    ],
)
def test_another_form_is_told_by_what_is_there(value, words):
    found = slug_of(run(value))
    assert list(found) == ["wrong-shape"]
    assert words in found["wrong-shape"].evidence


@pytest.mark.parametrize(
    ("key", "change", "slug", "words"),
    [
        ("val_loss", lambda v: v + 0.02, "wrong-average", "batches' averages"),
        ("val_loss", lambda v: v * 204, "wrong-average", "sum over the samples"),
        ("val_loss", lambda v: (v + 0.02) * 4, "wrong-average", "sum over the batches"),
        ("val_loss", lambda v: 0.3, "wrong-value", "last batch's alone"),
        ("val_loss", lambda v: 0.4, "wrong-value", "training set"),
        ("val_loss", lambda v: v + 0.3, "wrong-value", "val_loss[0] is 1.2"),
        ("val_accuracy", lambda v: 100 * v, "wrong-value", "percent"),
        ("val_accuracy", lambda v: 1 - v, "wrong-value", "wrong answers"),
        ("val_accuracy", lambda v: 204 * v, "wrong-average", "right answers"),
        ("train_loss", lambda v: 8 * v, "wrong-average", "sum over the batches"),
        ("train_loss", lambda v: 128 * v, "wrong-average", "sum over the samples"),
        ("train_loss", lambda v: v / 16, "wrong-average", "number of samples"),
        ("train_loss", lambda v: 0.0, "wrong-value", "train_loss[0] is 0"),
    ],
)
def test_a_slip_is_named_by_the_numbers_it_gives(key, change, slug, words):
    found = slug_of(run({**RIGHT, key: [change(item) for item in RIGHT[key]]}))
    assert list(found) == [slug]
    assert words in found[slug].evidence


def test_a_training_loss_that_cannot_be_followed_is_not_judged():
    assert slug_of(run({**RIGHT, "train_loss": [9.0, 9.0, 9.0]}, passes=False)) == {}


def test_validation_before_training_and_a_second_look_are_left_out():
    before = trace.Observed(loader=1, at_step=0, values={"val_loss": 2.0}, sha256="start")
    seen_twice = [observed(0), observed(0), observed(1), observed(2)]
    assert slug_of(run(RIGHT, before, *seen_twice)) == {}


def test_validation_that_came_once_is_found_and_kept_batches_are_unknown():
    found = slug_of(run(RIGHT, observed(2)))
    assert "once in 3 epochs" in found["wrong-value"].evidence
    assert isinstance(curves.wrong_value(run(RIGHT, observed(2), use(-1))), Unknown)


def test_the_loader_that_was_gone_through_instead_is_named():
    answer = trace.Answer(function="fit", case="", value=plain(RIGHT), mutated=[], notes={})
    again = seen(a_pass(), a_pass(1, trained=0), use(0), answer)
    assert "what was evaluated came from `train_loader`" in slug_of(again)["wrong-value"].evidence


ANSWER = trace.Answer(function="fit", case="", value=plain(RIGHT), mutated=[], notes={})
TRAINED = use(0, calls=8, trained=8, mode="t", grad=True)
COUNTS = {"B": 8, "S": 8, "l": 12}


@pytest.mark.parametrize(
    "how",
    [
        [a_pass(1, trained=0, batches=12, finished=False)],
        [a_pass(number, loader=1, trained=0, batches=0, finished=False) for number in (1, 2, 3)],
    ],
    ids=["another pass over the training data", "nothing drawn from the held-out loader"],
)
def test_evaluating_training_batches_is_no_validation(how):
    told = slug_of(seen(a_pass(), TRAINED, *how, use(0, calls=12), ANSWER, end(COUNTS)))
    assert "what was evaluated came from `train_loader`" in told["wrong-value"].evidence


@pytest.mark.parametrize(
    "how",
    [
        [use(0, calls=12)],  # batches drawn ahead, perhaps
        [a_pass(1, trained=0, batches=1, finished=False), use(0, calls=12)],  # a look at one batch
        [a_pass(1, trained=0, batches=12, finished=False), use(0, calls=6), use(-1, calls=6)],
        [a_pass(1, trained=0, batches=6, finished=False), use(0, calls=6)],  # other losses were seen
    ],
)
def test_kept_batches_that_may_have_been_evaluated_are_unknown(how):
    facts = seen(a_pass(), TRAINED, *how, ANSWER, end(COUNTS))
    assert isinstance(curves.wrong_value(facts), Unknown)


def test_exercises_that_return_something_else_are_not_looked_at():
    from tests.grader.checks.tape import facts

    assert (
        curves.wrong_shape(facts()) == curves.wrong_value(facts()) == curves.wrong_average(facts()) == Clear()
    )


def test_right_curves_of_a_model_that_nobody_evaluated_are_unknown():
    """Whoever goes through the validation set without the model has the numbers from elsewhere."""
    records = run(RIGHT).evidence.records
    unseen = [
        dataclasses.replace(record, calls=24, trained=24) if isinstance(record, trace.ForwardUse) else record
        for record in records
    ]
    assert any(isinstance(record, trace.ForwardUse) for record in records)
    for look in (curves.wrong_value, curves.wrong_average):
        assert isinstance(look(seen(*unseen)), Unknown)
        assert isinstance(look(seen(*records)), Clear)
