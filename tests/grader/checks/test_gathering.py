"""The checks of gathered gradients: lost, used too often, left over, differentiated twice."""

import numpy as np
import pytest

from grader.checks import beats, gathering
from grader.checks.registry import Clear, Found
from tests.grader.checks.tape import Tape, a_pass, counted, facts

ALL = [
    gathering.zero_grad_in_micro_batch,
    gathering.step_in_micro_batch,
    gathering.accumulation_tail_dropped,
    gathering.double_backward,
    beats.missing_zero_grad,
]


def found_in(records, **how):
    seen = facts(*records, **how)
    return {check.__name__ for check in ALL if isinstance(check(seen), Found)}


def windows(count=4, size=4, *, cleared="first", stepped="last", scale=0.25, drawn=True):
    """`count` windows of `size` micro-batches, cleared and stepped at their first, last or every one."""
    tape = Tape()

    def due(when, place):
        return when == "every" or place == {"first": 0, "last": size - 1}.get(when)

    for _ in range(count):
        for place in range(size):
            if due(cleared, place):
                tape.clear()
            if drawn:
                tape.batch(scale=scale)
            else:
                tape.forward()
                tape.loss(2.0)
                tape.backward(2.0 * scale, scale)
            if due(stepped, place):
                tape.step()
    return tape


@pytest.mark.parametrize("check", ALL)
def test_a_window_that_is_cleared_once_and_stepped_once_is_right(check):
    assert check(facts(*counted(windows()))) == Clear()
    assert check(facts(*counted(Tape().right_steps(8)))) == Clear()


# ── zero-grad-in-micro-batch ─────────────────────────────────────────────────────────────────────


def test_clearing_for_every_micro_batch_is_found_with_their_number():
    records = counted(windows(cleared="every"))
    assert found_in(records) == {"zero_grad_in_micro_batch"}
    verdict = gathering.zero_grad_in_micro_batch(facts(*records))
    assert verdict.numbers == {"steps": 4, "steps_with_lost_gradients": 4, "micro_batches": 4}


@pytest.mark.parametrize(("asked", "guilty"), [({}, False), ({"grad_accum": 4}, True)])
def test_without_a_loader_the_exercise_must_ask_for_micro_batches(asked, guilty):
    records = counted(windows(cleared="every", drawn=False))
    assert bool(found_in(records, **asked)) == guilty


def test_a_first_gradient_that_is_thrown_away_on_purpose_is_not_flagged():
    """Sharpness-aware and adversarial steps differentiate one draw twice."""
    tape = Tape()
    for _ in range(5):
        tape.clear()
        tape.batch()
        tape.clear()
        tape.forward()
        tape.loss()
        tape.backward()
        tape.step()
    assert found_in(counted(tape)) == set()


@pytest.mark.parametrize(
    ("moved", "grad", "guilty"),
    [("last", False, True), ("last", True, True), ("every", False, False), ("every", True, False)],
)
def test_an_update_by_hand_for_the_last_of_several_batches_is_found(moved, grad, guilty):
    tape = Tape(optimizers=())
    for _ in range(4):
        for place in range(3):
            tape.clear(said=False)
            tape.draw()
            tape.forward()
            tape.loss()
            gain = tape.grad() if grad else tape.new_gradient()
            if not grad:
                tape.backward(gain=gain)
            if moved == "every" or place == 2:
                tape.move_by_hand(gain)
    tape.row("V", params=tape.weights())
    assert found_in(counted(tape)) == ({"zero_grad_in_micro_batch"} if guilty else set())


def test_gradients_too_small_to_move_anything_are_not_lost():
    """A fit that has come to rest: most updates change nothing, and only the others can be seen."""
    tape = Tape(optimizers=())
    for _ in range(4):
        for place in range(3):
            tape.clear(said=False)
            tape.draw()
            tape.forward()
            tape.loss()
            gain = tape.new_gradient() * np.float32(1.0 if place == 2 else 1e-9)
            tape.backward(gain=gain)
            tape.move_by_hand(gain)
    tape.row("V", params=tape.weights())
    assert found_in(counted(tape)) == set()


@pytest.mark.parametrize(("other", "guilty"), [(0, True), (1, False)])
def test_a_gradient_of_another_loaders_batch_may_be_there_to_be_looked_at(other, guilty):
    tape = Tape(optimizers=())
    for _ in range(4):
        for number in (other, 0):
            tape.clear(said=False)
            tape.row("D", of=number)
            tape.forward()
            tape.loss()
            gain = tape.grad()
        tape.move_by_hand(gain)
    tape.row("V", params=tape.weights())
    records = [a_pass(0), a_pass(1, loader=1), *counted(tape)]
    assert found_in(records) == ({"zero_grad_in_micro_batch"} if guilty else set())


# ── step-in-micro-batch ──────────────────────────────────────────────────────────────────────────


def test_a_step_for_every_micro_batch_is_found_and_is_not_called_missing_clearing():
    records = counted(windows(stepped="every"))
    assert found_in(records) == {"step_in_micro_batch"}
    assert gathering.step_in_micro_batch(facts(*records)).numbers["micro_batches"] == 4


def test_undivided_losses_need_a_loader_or_the_exercise_to_tell_what_was_meant():
    records = counted(windows(stepped="every", scale=1.0))
    assert found_in(records) == {"missing_zero_grad"}
    assert found_in(records, grad_accum=4) == {"step_in_micro_batch"}
    assert found_in([a_pass(0, batches=8), *records]) == {"step_in_micro_batch"}


def test_clearing_once_per_epoch_is_missing_clearing():
    records = counted(windows(stepped="every", scale=1.0, count=3, size=8))
    assert found_in([a_pass(0, batches=8), *records]) == {"missing_zero_grad"}


def test_never_clearing_is_missing_clearing():
    records = counted(windows(cleared="never", stepped="every"))
    assert found_in(records, grad_accum=4) == {"missing_zero_grad"}


# ── accumulation-tail-dropped ────────────────────────────────────────────────────────────────────


def passes(*trained, batches=8):
    return [a_pass(number, batches=batches, trained=used) for number, used in enumerate(trained)]


@pytest.mark.parametrize(
    ("trained", "guilty"),
    [
        ((6, 6, 6), True),
        ((8, 8, 6), False),  # carried on, until the last epoch
        ((6, 6, 8), True),
        ((8, 8, 8), False),
        ((6,), True),
        ((2, 2, 2), False),  # so many lost is no tail
    ],
)
def test_batches_left_over_in_most_epochs_are_found(trained, guilty):
    records = [*passes(*trained), *counted(windows(size=3, scale=1 / 3))]
    assert found_in(records) == ({"accumulation_tail_dropped"} if guilty else set())


@pytest.mark.parametrize(("carried", "guilty"), [(False, True), (True, False)])
def test_a_tail_cleared_at_the_top_of_an_epoch_is_seen_in_the_gradients(carried, guilty):
    """Such a batch still counts as trained on in the passes, because no draw lies between it and the clearing."""
    tape = Tape()
    for epoch in range(4):
        if not carried:
            tape.clear()
        for place in range(3):
            tape.row("D", of=epoch)
            tape.forward()
            tape.loss()
            tape.backward(1.0, 0.5)
            if place == 1:
                tape.step()
                tape.clear()
    records = [*passes(3, 3, 3, 3, batches=3), *counted(tape)]
    assert found_in(records) == ({"accumulation_tail_dropped"} if guilty else set())


def test_without_gathering_there_is_no_tail():
    assert found_in([*passes(6, 6, 6), *counted(Tape().right_steps(6))]) == set()


# ── double-backward ──────────────────────────────────────────────────────────────────────────────


def doubled(factor=1.0, count=4, scale=1.0):
    tape = Tape()
    for _ in range(count):
        tape.clear()
        tape.draw()
        tape.forward()
        tape.loss(2.0)
        gain = tape.new_gradient() * np.float32(scale)
        tape.backward(2.0 * scale, gain=gain)
        tape.backward(2.0 * scale, gain=gain * np.float32(factor))
        tape.step()
    return counted(tape)


def test_a_loss_differentiated_twice_is_found():
    assert found_in(doubled()) == {"double_backward"}
    assert gathering.double_backward(facts(*doubled())).numbers["steps_with_double_gradient"] == 4


@pytest.mark.parametrize("how", [{"factor": 0.5}, {"scale": 0.5}, {"count": 1, "factor": 0.3}])
def test_what_adds_up_to_one_gradient_is_not_flagged(how):
    assert found_in(doubled(**how)) == set()


def twice(*, scale=1.0, batch="b", again=True, function="mse_loss", halve=False):
    """Steps in which one batch goes through the model twice, each time with a loss of its own."""
    tape = Tape()
    for number in range(4):
        tape.clear()
        for name in ("", "" if again else "other"):
            tape.draw()
            tape.forward(batch=f"{batch}{number}{name}")
            tape.loss(2.0 + len(name) / 10)
            tape.backward((2.0 + len(name) / 10) * scale, gain=tape.new_gradient() * np.float32(scale))
        if halve:
            tape.scale(0.5)
        tape.step()
    return counted(tape)


def test_a_batch_that_goes_through_the_model_twice_for_one_step_is_found():
    assert "double_backward" in found_in(twice())


@pytest.mark.parametrize("how", [{"scale": 0.5}, {"halve": True}, {"again": False, "scale": 0.5}])
def test_a_batch_that_counts_once_in_all_is_not_flagged(how):
    assert "double_backward" not in found_in(twice(**how))


def test_two_losses_of_one_batch_are_not_flagged():
    tape = Tape()
    for _ in range(4):
        tape.clear()
        tape.draw()
        tape.forward()
        tape.loss()
        tape.backward()
        tape.loss()
        tape.backward()
        tape.step()
    assert found_in(counted(tape)) == set()


def test_an_update_by_hand_from_one_gradient_twice_is_found():
    tape = Tape(optimizers=())
    for _ in range(4):
        tape.clear(said=False)
        tape.draw()
        tape.forward()
        tape.loss()
        gain = tape.new_gradient()
        tape.backward(gain=gain)
        tape.backward(gain=gain)
        tape.move_by_hand(2 * gain)
    tape.row("V", params=tape.weights())
    assert found_in(counted(tape)) == {"double_backward"}


# ── micro-batches that do not count alike (accumulation-not-averaged) ────────────────────────────


def weighted(*weights, asked=3, times=6, rows=(16, 16, 16), clip=0.0):
    """A step after one batch for each weight; `clip` is what a clip leaves of what was gathered before the last."""
    tape = Tape(sizes=(8, 8))
    for _ in range(times):
        tape.clear()
        for place, weight in enumerate(weights):
            if clip and place == len(weights) - 1:
                tape.clip(clip)
            tape.batch(rows=rows[place], scale=weight)
        tape.step()
    return gathering.uneven_weights(facts(*counted(tape), **({"grad_accum": asked} if asked else {})))


def test_micro_batches_that_count_less_and_less_are_found():
    found = weighted(1 / 27, 1 / 9, 1 / 3)
    assert found is not None
    assert found.numbers == {"micro_batches": 3, "weight": pytest.approx(1 / 27, rel=1e-3)}


@pytest.mark.parametrize(
    "how",
    [
        {"weights": (1 / 3, 1 / 3, 1 / 3)},
        {"weights": (1 / 27, 1 / 9, 1 / 3), "asked": 0},
        {"weights": (0.25, 0.25, 0.5), "rows": (8, 8, 16)},  # by their sizes
        {"weights": (0.3, 0.3, 0.3), "clip": 0.5},  # clip-before-backward
        {"weights": (1 / 27, 1 / 9, 1 / 3), "times": 3},
    ],
)
def test_weights_that_mean_something_are_not_flagged(how):
    assert weighted(*how.pop("weights"), **how) is None


def started(first, others=2, steps=6, scale=0.5, at_first=0.5):
    """Steps of `others` batches after one of `first`."""
    tape = Tape(sizes=(8, 8))
    for number in range(steps + 1):
        tape.clear()
        for _ in range(others if number else first):
            tape.batch(scale=scale if number else at_first)
        tape.step()
    return gathering.short_start(facts(*counted(tape)))


def test_a_first_step_that_comes_a_batch_too_early_is_found():
    found = started(1)
    assert found is not None
    assert found.numbers == {"micro_batches": 1, "weight": 0.5}


@pytest.mark.parametrize(
    "how",
    [
        {"first": 2},
        {"first": 1, "at_first": 1.0},  # divided by the batches it has
        {"first": 1, "steps": 3},
        {"first": 1, "others": 1, "scale": 1.0},  # a smaller first step, no window
    ],
)
def test_other_first_steps_are_not_flagged(how):
    assert started(**how) is None


def went_through_twice(*, torch_loss=True, same=True, scale=1.0):
    """A step on one batch that went through model and loss twice; `same`: with the same value and gradient."""
    tape = Tape()
    for number in range(4):
        tape.clear()
        tape.draw()
        gain = tape.new_gradient() * scale
        for factor in (1.0, 1.0 if same else 1.1):
            tape.forward(batch=f"b{number}")
            if torch_loss:
                tape.loss(2.0 * factor)
            tape.settle()
            tape.backward(2.0 * factor * scale, gain=gain * factor)
        tape.step()
    return counted(tape)


@pytest.mark.parametrize("torch_loss", [True, False], ids=["torch's loss", "a loss by hand"])
def test_a_batch_that_goes_through_model_and_loss_twice_is_found(torch_loss):
    assert found_in(went_through_twice(torch_loss=torch_loss)) == {"double_backward"}


def test_two_halves_of_a_loss_are_not_flagged():
    assert found_in(went_through_twice(scale=0.5)) == set()


def test_two_different_losses_by_hand_are_not_flagged():
    assert found_in(went_through_twice(torch_loss=False, same=False)) == set()
