"""Early stopping: the rule, what was done instead, and whose weights the model ends with."""

import pytest

from grader.checks import stopping
from grader.checks.registry import Clear, Found, Unknown
from sandbox import trace
from sandbox.answers import plain
from tests.grader.checks.tape import a_pass, end, facts
from tests.grader.checks.test_heldout import GIVEN, use

LOSSES = [0.9, 0.7, 0.8, 0.6, 0.66, 0.65, 0.64, 0.67, 0.62, 0.7]
"""The best is epoch 3; with patience 3 epoch 6 is the last."""


def run(trained, value, *more, final="e3", patience=3, max_epochs=10):
    seen = [
        trace.Observed(loader=1, at_step=epoch + 1, values={"val_loss": loss}, sha256=f"e{epoch}")
        for epoch, loss in enumerate(LOSSES[:trained])
    ]
    graded = trace.Graded(
        module=0, names=[], shapes=[], dtypes=[], scale=1.0, shift=0.0, residual=0.0, form="logits", reason=""
    )
    answer = trace.Answer(function="fit", case="", value=plain(value), mutated=[], notes={})
    start, last = trace.Hash(step=0, sha256="start"), trace.Hash(step=trained, sha256=final)
    records = [*GIVEN, start, *seen, answer, *more, graded, last, end({"B": trained, "S": trained})]
    return facts(*records, exercise="early-stopping", patience=patience, max_epochs=max_epochs)


def load(shared=0, changed=False, at_step=7, sha256="e3"):
    return trace.StateLoad(module=0, line=8, at_step=at_step, shared=shared, changed=changed, sha256=sha256)


def everything(seen):
    checks = {
        "early-stopping-wrong": stopping.early_stopping_wrong,
        "best-weights-aliased": stopping.best_weights_aliased,
        "best-weights-not-restored": stopping.best_weights_not_restored,
    }
    return {slug: verdict for slug, look in checks.items() if isinstance(verdict := look(seen), Found)}


def test_the_rule_counts_epochs_in_a_row_without_a_new_best():
    assert stopping.by_best(LOSSES, 3) == (6, 3)
    assert stopping.by_best(LOSSES[:6], 3) == (None, 3)
    assert stopping.by_best(LOSSES, 1) == (2, 1)


def test_a_right_run_is_clear():
    assert everything(run(7, 3)) == {}
    assert everything(run(7, 3, load(changed=True))) == {}
    assert everything(run(10, 3, patience=50)) == {}


@pytest.mark.parametrize(
    ("trained", "value", "words"),
    [
        (8, 3, "`>=`, not `>`"),
        (6, 3, "one epoch too early"),
        (5, 3, "1 epoch later"),
        (10, 3, "Training went on to the last epoch"),
        (7, 4, "counted from 0."),
        (7, 6, "the last epoch"),
        (7, 7, "the number of epochs"),
        (7, 0.6, "it returned 0.6"),
        (7, None, "it returned None"),
        (4, 0, "highest loss"),
    ],
)
def test_what_was_done_instead_is_named(trained, value, words):
    found = everything(run(trained, value, final="e3" if trained > 4 else "e0"))
    assert list(found) == ["early-stopping-wrong"]
    assert words in found["early-stopping-wrong"].evidence


def test_losses_that_tie_are_unknown():
    LOSSES[5], kept = LOSSES[3], LOSSES[5]
    try:
        assert isinstance(stopping.early_stopping_wrong(run(9, 5)), Unknown)
    finally:
        LOSSES[5] = kept


def test_weights_of_a_later_epoch_are_found():
    found = everything(run(7, 3, final="e6"))
    assert list(found) == ["best-weights-not-restored"]
    assert "epoch 6, the last" in found["best-weights-not-restored"].evidence


def test_a_load_from_the_models_own_memory_is_an_alias():
    assert list(everything(run(7, 3, load(shared=4), final="e6"))) == ["best-weights-aliased"]
    assert list(everything(run(7, 3, load(), final="e6"))) == ["best-weights-not-restored"]
    assert everything(run(7, 3, load(shared=4))) == {}


def test_weights_measured_once_more_at_the_end_are_no_epoch():
    again = trace.Observed(loader=1, at_step=7, values={"val_loss": 0.6}, sha256="e3")
    assert everything(run(7, 3, again)) == {}


def test_validation_that_was_not_seen_is_unknown_or_missing():
    assert isinstance(stopping.early_stopping_wrong(run(0, 3, use(-1))), Unknown)
    assert "never gone through" in everything(run(0, 3))["early-stopping-wrong"].evidence
    elsewhere = everything(run(0, 3, a_pass(), a_pass(1, trained=0)))
    assert "came from `train_loader`" in elsewhere["early-stopping-wrong"].evidence
    assert stopping.best_weights_aliased(run(0, 3)) == Clear()


def test_going_back_to_the_best_weights_before_the_end_is_found():
    found = everything(run(7, 3, load(changed=True, at_step=6), load(changed=True)))
    assert list(found) == ["early-stopping-wrong"]
    assert (
        "After epoch 5 (counted from 0) the weights of epoch 3 were loaded"
        in found["early-stopping-wrong"].evidence
    )


@pytest.mark.parametrize(
    "loads",
    [
        [load(at_step=4)],  # the best ones just now: nothing changes
        [load(changed=True, at_step=6, sha256="average"), load(changed=True, at_step=6, sha256="e5")],
        [
            load(changed=True, at_step=6),
            load(changed=True, at_step=6, sha256="e5"),
        ],  # a look at the best so far
    ],
)
def test_weights_that_were_loaded_for_a_look_only_are_not_flagged(loads):
    assert everything(run(7, 3, *loads, load(changed=True))) == {}


def test_a_right_course_of_a_model_that_nobody_evaluated_is_unknown():
    """Whoever goes through the validation set without the model has the losses from elsewhere."""
    trained, evaluated = use(0, calls=56, trained=56), use(1, calls=35, trained=0)
    assert isinstance(stopping.early_stopping_wrong(run(7, 3, trained)), Unknown)
    assert isinstance(stopping.early_stopping_wrong(run(7, 3, trained, evaluated)), Clear)
