"""How much of its loss a step used: what acts as another learning rate, and what comes to the same."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from grader.checks import averaging, optimizers, weighing
from grader.checks.registry import Clear, Found
from sandbox import trace
from tests.grader.checks.tape import Tape, counted, facts, order, pattern, use


def run(scales=(1.0,), rate=0.05, steps=4, after=1.0, value=2.0, batch=None):
    """Steps that gather a backward of a loss of 2.0 at each of these scales, all multiplied by `after` at the end."""
    tape = Tape(rate=rate)
    for number in range(steps):
        tape.clear()
        for scale in scales:
            tape.batch(scale=scale, value=value, batch=batch and f"{batch}{number}")
        if after != 1.0:
            tape.scale(after)
        tape.step()
    return facts(*counted(tape), use())


def test_a_loss_that_is_halved_acts_as_half_the_rate():
    found = weighing.scaled_loss(run(scales=(0.5,)))
    assert found.numbers == {"weight": 0.5, "lr": 0.025, "wanted_lr": 0.05}
    assert "the learning rate 0.05 acted as 0.025" in found.evidence


def test_a_loss_that_goes_backward_twice_acts_as_twice_the_rate():
    assert weighing.scaled_loss(run(scales=(1.0, 1.0), batch="b")).numbers["weight"] == 2.0


def test_micro_batches_that_are_multiplied_instead_of_divided_are_found():
    found = weighing.badly_averaged(run(scales=(2.0, 2.0)))
    assert found.numbers == {"micro_batches": 2, "weight": 2.0}
    assert "add up to 4, where an average has 1" in found.evidence


def test_micro_batches_that_are_divided_twice_are_found_by_the_check():
    assert isinstance(averaging.accumulation_not_averaged(run(scales=(0.25, 0.25))), Found)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"scales": (0.25, 0.75)},  # a weighted average
        {"scales": (0.5,), "rate": 0.1},  # the rate makes up for it
        {"scales": (8.0,), "after": 0.125},  # a loss scaled by hand, and scaled back
        {"scales": (0.8, 0.2), "batch": "b"},  # one batch's loss in two parts
        {"steps": 2, "scales": (0.5,)},  # too few to tell
    ],
)
def test_what_comes_to_the_whole_loss_at_the_stated_rate_is_right(how):
    seen = run(**how)
    assert weighing.scaled_loss(seen) is None
    assert weighing.badly_averaged(seen) is None


def test_a_loss_with_other_terms_in_it_is_not_judged():
    tape = Tape(rate=0.05)
    for number in range(6):
        tape.clear()
        tape.batch(value=2.0 + 0.1 * number)  # a penalty that shrinks, say
        tape.step()
    assert weighing.scaled_loss(facts(*counted(tape), use())) is None


def test_a_loss_sent_backward_in_two_parts_counts_with_their_sum():
    tape = Tape(rate=0.05)
    for number in range(4):
        tape.clear()
        tape.batch(scale=0.25, batch=f"b{number}")
        tape.backward(1.0, 0.5)
        tape.step()
    assert weighing.scaled_loss(facts(*counted(tape), use())).numbers["weight"] == 0.75


def test_two_different_losses_on_one_batch_are_not_judged():
    tape = Tape(rate=0.05)
    for number in range(4):
        tape.clear()
        tape.batch(batch=f"b{number}")
        tape.forward(batch=f"b{number}")
        tape.loss(0.7)
        tape.backward(0.7)
        tape.step()
    assert weighing.scaled_loss(facts(*counted(tape), use())) is None


def test_a_loop_that_clips_may_use_less_than_the_whole_gradient():
    tape = Tape(rate=0.05)
    for _ in range(4):
        tape.clear()
        tape.batch()
        tape.clip(0.5)
        tape.step()
    assert weighing.scaled_loss(facts(*counted(tape), use())) is None


def clipped(norms, scales=(1.0, 1.0), factor=1.0):
    """Steps whose gathered gradient has these norms before a clip to 1, all under a scale of `factor`."""
    tape = Tape(rate=0.05)
    for norm in norms:
        tape.clear()
        for scale in scales:
            tape.batch(scale=scale * factor)
        before = tape.reading()
        tape.scale(min(1.0, 1.0 / norm))
        tape.row(
            "C",
            text="clip_grad_norm_",
            value=norm * factor,
            extra=factor,
            before=before,
            after=tape.reading(),
        )
        tape.scale(1 / factor)
        tape.step()
    adam = [
        replace(item, cls="AdamW") if isinstance(item, trace.Optimizer) else item for item in counted(tape)
    ]
    return facts(*adam, use(), exercise="production-template")


@pytest.mark.parametrize(
    ("norms", "scales", "guilty"),
    [
        ((0.8, 3.0, 0.8, 3.0, 0.8), (1.0, 1.0), True),  # twice as long as it should be: 0.8 would be 0.4
        ((1.5, 3.0, 1.5, 3.0, 1.5), (1.0, 1.0), True),  # all are cut, and some should not have been
        ((0.8, 3.0, 0.8, 3.0, 0.8), (0.25, 0.25), True),  # half as long: 0.8 would be 1.6
        ((3.0, 3.0, 3.0, 3.0, 3.0), (1.0, 1.0), False),  # all are cut, as they would be at weight one
        ((0.1, 0.2, 0.1, 0.2, 0.1), (1.0, 1.0), False),  # none is cut: only the optimizer sees the weight
        ((0.8, 3.0, 0.8, 3.0, 0.8), (0.5, 0.5), False),
    ],
)
def test_beside_a_clip_the_weight_of_several_batches_matters(norms, scales, guilty):
    assert bool(weighing.badly_averaged(clipped(norms, scales))) is guilty


@pytest.mark.parametrize(("scale", "guilty"), [(1.0, True), (0.5, False)])
def test_a_scale_that_is_taken_out_behind_the_clip_is_no_weight(scale, guilty):
    seen = clipped((0.8, 3.0, 0.8, 3.0, 0.8), (scale, scale), factor=8.0)
    assert bool(weighing.badly_averaged(seen)) is guilty


@pytest.mark.parametrize(("scale", "guilty"), [(2.0, True), (1.0, False)])
def test_beside_a_clip_the_weight_of_one_batch_matters(scale, guilty):
    found = weighing.scaled_loss(clipped((0.8, 3.0, 0.8, 3.0, 0.8), (scale,)))
    assert bool(found) is guilty
    if found:
        assert found.numbers == {"weight": 2.0}


def test_a_right_loop_has_no_wrong_number():
    seen = facts(*counted(Tape(rate=0.05).right_steps(6)), pattern(), order([0, 6]), use())
    assert not isinstance(optimizers.wrong_hyperparameter(seen), Found)
    assert averaging.accumulation_not_averaged(seen) == Clear()


def test_the_first_step_of_a_later_window_says_nothing_of_a_weight():
    steps = [SimpleNamespace(row=SimpleNamespace(window=window)) for window in (0, 0, 3, 3, 5)]
    assert weighing._whole(steps) == [steps[0], steps[1], steps[3]]
