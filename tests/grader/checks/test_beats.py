"""The checks of the beat: each at its border, with the least evidence that decides it."""

import dataclasses
import math

import numpy as np
import pytest

from grader.checks import averaging, beats
from grader.checks.registry import Clear, Found, Unknown
from grader.models import Measurement
from sandbox import trace
from tests.grader.checks.tape import Tape, counted, end, facts, order, pattern

ALL = [
    beats.missing_backward,
    beats.missing_step,
    beats.missing_zero_grad,
    beats.zero_grad_after_backward,
    beats.step_before_backward,
    beats.double_step,
    averaging.accumulation_not_averaged,
]


def found_in(records, **how):
    """Names of the checks that find something, which must be the only ones."""
    seen = facts(*records, **how)
    return {check.__name__ for check in ALL if isinstance(check(seen), Found)}


@pytest.mark.parametrize("check", ALL)
def test_a_right_loop_is_clear_of_everything(check):
    assert check(facts(*counted(Tape().right_steps(6)), pattern(), order([0, 6]))) == Clear()


@pytest.mark.parametrize("check", ALL)
def test_a_run_that_left_nothing_accuses_only_of_what_is_missing(check):
    verdict = check(facts())
    assert isinstance(verdict, Found) == (check is beats.missing_backward)


# ── missing-backward ─────────────────────────────────────────────────────────────────────────────


def test_forwards_and_steps_without_any_backward_are_found_with_their_lines():
    records = (end({"D": 8, "F": 8, "L": 8, "S": 8}, moved=False), pattern("DZFLS"), order([0, 8]))
    verdict = beats.missing_backward(facts(*records))
    assert verdict.lines == (4, 7)
    assert verdict.numbers == {"backwards": 0, "steps": 8, "forwards": 8}
    assert "8 training forward passes and 8 steps, but no backward pass" in verdict.evidence


def test_parameters_that_moved_without_a_backward_are_a_question_unless_the_result_is_good():
    moved = end({"F": 8}, moved=True)
    assert isinstance(beats.missing_backward(facts(moved)), Unknown)
    good = Measurement(metric="mse", value=0.01, threshold=0.03, better="lower", samples=9, basis="observed")
    assert beats.missing_backward(facts(moved, measurement=good)) == Clear()
    bad = good.model_copy(update={"value": 0.04})
    assert isinstance(beats.missing_backward(facts(moved, measurement=bad)), Unknown)


def test_a_backward_that_reaches_no_parameter_is_found():
    tape = Tape()
    for _ in range(3):
        tape.batch(reach=[])
        tape.step()
    assert found_in(counted(tape, moved=False)) == {"missing_backward"}


def test_a_backward_that_nobody_watched_is_not_accused():
    assert beats.missing_backward(facts(end({"B": 9}, moved=False))) == Clear()


# ── missing-step ─────────────────────────────────────────────────────────────────────────────────


def test_backwards_without_a_step_are_found_and_one_move_acquits():
    tape = Tape()
    for _ in range(3):
        tape.clear()
        tape.batch()
    assert found_in(counted(tape, moved=False)) == {"missing_step"}
    assert found_in(counted(tape, moved=True)) == set()
    assert found_in(counted(tape, moved=False, S=1)) == set()


# ── missing-zero-grad ────────────────────────────────────────────────────────────────────────────


def steps_of_which(uncleared, total):
    tape = Tape()
    for number in range(total):
        if number < total - uncleared:
            tape.clear()
        tape.batch()
        tape.step()
    return counted(tape)


@pytest.mark.parametrize(
    ("uncleared", "total", "guilty"),
    [(1, 4, False), (2, 4, True), (2, 20, True), (2, 21, False), (3, 30, True), (1, 10, False)],
)
def test_old_gradients_count_from_a_tenth_of_the_steps_and_from_two(uncleared, total, guilty):
    assert found_in(steps_of_which(uncleared, total)) == ({"missing_zero_grad"} if guilty else set())


def test_never_clearing_says_how_often_and_where():
    verdict = beats.missing_zero_grad(facts(*steps_of_which(6, 6), pattern("DFLBS"), order([0, 6])))
    assert verdict.numbers == {
        "steps": 6,
        "steps_with_old_gradients": 5,
        "most_old_gradients": 5,
        "most_uses": 6,
    }
    assert verdict.lines == (5, 7)
    assert "5 older" in verdict.evidence


def test_gradients_that_cannot_be_followed_accuse_nobody():
    tape = Tape()
    for _ in range(4):
        tape.batch()
        tape.gradient = tape.new_gradient()
        tape.step()
    assert found_in(counted(tape)) == set()


@pytest.mark.parametrize(("cleared", "verdict"), [(True, Clear), (False, Unknown)])
def test_changed_gradients_are_a_question_only_where_they_were_not_cleared(cleared, verdict):
    tape = Tape()
    for _ in range(4):
        if cleared:
            tape.clear()
        tape.batch()
        tape.gradient = tape.new_gradient()  # as by a penalty added by hand
        tape.step()
    assert isinstance(beats.missing_zero_grad(facts(*counted(tape))), verdict)


def test_half_the_gradients_unknown_beside_some_old_ones_are_no_accusation():
    tape = Tape(sizes=(4, 3), optimizers=((0, 1),))
    for _ in range(6):
        tape.clear([0])
        tape.batch()
        tape.gradient[tape.parts[1]] = tape.random.normal(size=3)
        tape.step()
    assert found_in(counted(tape)) == set()


# ── zero-grad-after-backward ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("emptied", "total", "guilty"),
    [(1, 4, False), (2, 4, True), (4, 4, True), (2, 20, True), (2, 21, False)],
)
def test_clearing_before_the_step_counts_from_a_tenth_of_the_steps_and_from_two(emptied, total, guilty):
    tape = Tape()
    for number in range(total):
        tape.clear()
        tape.batch()
        if number < emptied:
            tape.clear()
        tape.step()
    assert found_in(counted(tape)) == ({"zero_grad_after_backward"} if guilty else set())


def test_of_two_optimizers_the_idle_one_is_not_accused():
    """As in a GAN: each loss reaches one half of the parameters only."""
    tape = Tape(optimizers=((0,), (1,)))
    for _ in range(4):
        tape.clear()
        tape.batch(reach=[0])
        tape.step(0)
        tape.clear()
        tape.batch(reach=[1])
        tape.step(1)
    assert found_in(counted(tape)) == set()


# ── step-before-backward ─────────────────────────────────────────────────────────────────────────


def early_steps(early, total, *, cleared_first):
    tape = Tape()
    for number in range(total):
        if number >= early:
            tape.right_steps(1)
            continue
        if cleared_first:
            tape.clear()
        tape.forward()
        tape.loss()
        tape.step()
        if not cleared_first:
            tape.clear()
        tape.backward()
    return counted(tape)


@pytest.mark.parametrize("cleared_first", [True, False])
@pytest.mark.parametrize(
    ("early", "total", "guilty"), [(4, 4, True), (2, 20, True), (2, 21, False), (1, 6, False)]
)
def test_early_steps_count_from_a_tenth_of_the_steps_and_from_two(early, total, guilty, cleared_first):
    records = early_steps(early, total, cleared_first=cleared_first)
    assert found_in(records) == ({"step_before_backward"} if guilty else set())


def test_an_early_step_is_told_by_what_it_used():
    first = beats.step_before_backward(facts(*early_steps(4, 4, cleared_first=True)))
    assert "used no gradient at all" in first.evidence
    later = beats.step_before_backward(facts(*early_steps(4, 4, cleared_first=False)))
    assert "used the gradient of the batch before" in later.evidence


# ── double-step ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("doubled", "batches", "guilty"),
    [(1, 8, False), (2, 8, True), (8, 8, True), (2, 18, True), (2, 19, False)],
)
def test_repeated_steps_count_from_a_tenth_and_from_two(doubled, batches, guilty):
    tape = Tape()
    for number in range(batches):
        tape.right_steps(1)
        if number < doubled:
            tape.step()
    assert found_in(counted(tape)) == ({"double_step"} if guilty else set())


def test_double_steps_name_both_lines():
    tape = Tape()
    for _ in range(4):
        tape.right_steps(1)
        tape.begin()
        tape.finish()
    seen = [
        dataclasses.replace(row, line=8)
        if isinstance(row, trace.Row) and row.beat == "s" and row.step % 2
        else row
        for row in counted(tape)
    ]
    assert beats.double_step(facts(*seen)).lines == (7, 8)


def test_two_optimizers_after_one_backward_are_no_double_step():
    tape = Tape(optimizers=((0,), (1,)))
    for _ in range(4):
        tape.clear()
        tape.batch()
        tape.step(0)
        tape.step(1)
    assert found_in(counted(tape)) == set()


def test_a_second_optimizer_that_repeats_the_first_ones_step_is_a_double_step():
    tape = Tape(optimizers=((0, 1), (0, 1)))
    for _ in range(4):
        tape.clear()
        tape.batch()
        tape.step(0)
        tape.step(1)
    assert found_in(counted(tape)) == {"double_step"}


# ── steps a whole round too early, and steps inside a hook ───────────────────────────────────────


def stepped_first(last):
    """Draw, step, clear, forward, loss, backward: every gradient is used a batch later; `last` ends the run."""
    tape = Tape()
    for _ in range(6):
        tape.draw()
        tape.step()
        tape.clear()
        tape.forward()
        tape.loss()
        tape.backward()
    beats_of = ("DS", "ZFLBDS", last)
    return [
        *counted(tape),
        *(pattern(text, number) for number, text in enumerate(beats_of)),
        order([0, 1], [1, 5], [2, 1]),
    ]


def test_a_step_at_the_top_of_the_body_never_uses_the_last_gradient():
    assert found_in(stepped_first("ZFLB")) == {"step_before_backward"}


def stepped_before_the_draw(steps):
    """Step, draw, forward, loss, clear, backward; the first of `steps` comes before anything was drawn."""
    tape = Tape()
    for number in range(6):
        if number < steps:
            tape.step()
        tape.draw()
        tape.forward()
        tape.loss()
        tape.clear()
        tape.backward()
    return [*counted(tape), pattern("DFLZB", 0), order([0, 1])]


def test_a_step_before_each_draw_never_uses_the_last_gradient():
    assert found_in(stepped_before_the_draw(6)) == {"step_before_backward"}


def test_a_single_step_before_the_training_is_no_habit():
    assert "step_before_backward" not in found_in(stepped_before_the_draw(1))


def test_a_pipelined_loop_that_steps_once_more_at_the_end_is_right():
    assert found_in(stepped_first("ZFLBS")) == set()


@pytest.mark.parametrize(("behind", "guilty"), [(True, True), (False, False)])
def test_gradients_put_into_place_behind_the_step_are_those_of_the_step_before(behind, guilty):
    tape = Tape(sizes=(8, 8, 3))
    for _ in range(5):
        given = []
        for _ in range(2):
            tape.draw()
            tape.forward()
            tape.loss()
            given.append(tape.grad())
        if behind:
            tape.step()
        tape.gradient = ((given[0] + given[1]) / np.float32(2)).astype(np.float32)
        if not behind:
            tape.step()
    assert found_in(counted(tape)) == ({"step_before_backward"} if guilty else set())


# ── what cannot be followed ──────────────────────────────────────────────────────────────────────


def test_nan_is_nobodys_pattern():
    tape = Tape()
    for _ in range(6):
        tape.forward()
        tape.loss(math.nan)
        tape.backward(math.nan, gain=np.full_like(tape.gradient, np.nan))
        tape.step()
    assert found_in(counted(tape)) == set()


# ── the beat that is shown ───────────────────────────────────────────────────────────────────────


def test_the_commonest_pattern_with_a_step_is_shown_without_draws_and_evaluation():
    seen = facts(pattern("DZFLBS"), pattern("fff", 1), order([0, 8], [1, 90]))
    assert beats.beats_seen(seen) == ("ZFLBS", (2, 3, 4, 5, 7))


def test_without_steps_the_pattern_of_the_backwards_is_shown():
    assert beats.beats_seen(facts(pattern("DFLB"), order([0, 8])))[0] == "FLB"
    assert beats.beats_seen(facts(pattern("DD"), order([0, 8]))) == ("", ())
    assert beats.beats_seen(facts()) == ("", ())


def test_a_pattern_as_long_as_a_run_is_cut():
    shown, lines = beats.beats_seen(facts(pattern("FLB" * 40 + "S"), order([0, 1])))
    assert (len(shown), len(lines)) == (40, 40)
