"""The checks of gradient scaling, on hand-made rows of a scaled loop."""

import numpy as np
import pytest

from grader.checks import beats, scaling
from grader.checks.registry import Clear, Found, Unknown
from sandbox import trace
from tests.grader.checks.tape import LINES, Tape, counted, end, facts

SCALE = 65536.0
LINES |= {"X": 5, "U": 6}


class Scaled(Tape):
    """A tape whose losses are scaled."""

    def scaled_batch(self, scale=SCALE, share=1.0):
        self.draw()
        self.forward()
        self.loss(2.0)
        self.row("X", of=0, value=2.0 * share, extra=scale)
        self.backward(2.0 * share * scale, scale * share)

    def touch(self, beat, factor, **more):
        before = self.reading()
        self.scale(factor)
        self.row(beat, before=before, after=self.reading(), **more)

    def unscale(self, scale=SCALE):
        self.touch("U", 1 / scale, of=0, value=scale)

    def clip_to(self, limit):
        norm = float(np.linalg.norm(self.gradient))
        factor = min(1.0, limit / norm)
        self.touch("C", factor, text="clip_grad_norm_", value=norm, extra=limit)

    def divide(self, scale=SCALE):
        """What a scaler's step does before the optimizer's."""
        self.scale(1 / scale)


def scaler(**fields):
    given = {
        "id": 0,
        "given": True,
        "enabled": True,
        "scaled": 6,
        "unscaled": 6,
        "steps": 6,
        "skipped": 0,
        "updates": 6,
        "bypassed": 0,
        "first": SCALE,
        "last": SCALE,
        "line": 4,
    }
    return trace.Scaler(**{**given, **fields})


def run(beat, count=6, **fields):
    """The facts of a run of `count` steps, each made of what `beat` does to the tape."""
    tape = Scaled()
    for _ in range(count):
        tape.clear()
        beat(tape)
        tape.step()
    return facts(*counted(tape), scaler(**fields))


def right(tape):
    tape.scaled_batch()
    tape.unscale()
    tape.clip_to(0.5)


def accumulated(tape):
    for _ in range(4):
        tape.scaled_batch(share=0.25)
    tape.unscale()
    tape.clip_to(0.5)


def without_unscale(tape):
    tape.scaled_batch()
    tape.divide()


def by_hand(tape):
    tape.scaled_batch()
    tape.divide()
    tape.clip_to(0.5)


def scaled_limit(tape):
    tape.scaled_batch()
    tape.clip_to(0.5 * SCALE)
    tape.divide()


def never_reached(tape):
    tape.scaled_batch(scale=128.0)
    tape.clip_to(1e6)
    tape.divide(128.0)


def not_scaled_at_all(tape):
    tape.batch()
    tape.clip_to(0.5)


@pytest.mark.parametrize(
    "beat", [right, accumulated, without_unscale, by_hand, scaled_limit, never_reached, not_scaled_at_all]
)
def test_true_gradients_are_nothing_to_accuse(beat):
    seen = run(beat)
    assert scaling.scaler_bypassed(seen) == Clear()
    assert scaling.clip_before_unscale(seen) == Clear()
    assert scaling.scaler_update_missing(seen) == Clear()


def clipped_early(tape):
    tape.scaled_batch()
    tape.clip_to(0.5)
    tape.unscale()


def clipped_in_the_middle(tape):
    tape.scaled_batch()
    tape.clip_to(0.5)
    tape.divide()


def shortened_by_hand(tape):
    tape.scaled_batch()
    tape.scale(0.5 / float(np.linalg.norm(tape.gradient)))
    tape.divide()


@pytest.mark.parametrize("beat", [clipped_early, clipped_in_the_middle, shortened_by_hand])
def test_a_clip_of_scaled_gradients_is_found_and_no_bypass(beat):
    seen = run(beat)
    verdict = scaling.clip_before_unscale(seen)
    assert isinstance(verdict, Found)
    assert verdict.numbers["early_clips"] == verdict.numbers["steps"] == 6
    assert verdict.numbers["scale"] == SCALE
    assert scaling.scaler_bypassed(seen) == Clear()


def test_an_early_clip_tells_the_norm_it_saw_and_what_was_left():
    verdict = scaling.clip_before_unscale(run(clipped_early))
    assert verdict.numbers["limit"] == 0.5
    assert verdict.numbers["norm"] > SCALE
    assert "7.6e-06" in verdict.evidence


def test_numbers_cut_one_by_one_are_found_too():
    def beat(tape):
        tape.scaled_batch()
        before = tape.reading()
        tape.gradient = np.clip(tape.gradient, -0.5, 0.5)
        tape.row("C", text="clip_grad_value_", extra=0.5, before=before, after=tape.reading())
        tape.divide()

    assert isinstance(scaling.clip_before_unscale(run(beat)), Found)


def still_scaled(tape):
    tape.scaled_batch()


def still_scaled_and_clipped(tape):
    tape.scaled_batch()
    tape.clip_to(0.5)


@pytest.mark.parametrize("beat", [still_scaled, still_scaled_and_clipped])
def test_a_step_with_scaled_gradients_bypassed_the_scaler(beat):
    seen = run(beat)
    verdict = scaling.scaler_bypassed(seen)
    assert isinstance(verdict, Found)
    assert verdict.numbers["times"] == pytest.approx(SCALE, rel=1e-3)
    assert scaling.clip_before_unscale(seen) == Clear()


def never_scaled(tape):
    tape.batch()
    tape.row("X", of=0, value=2.0, extra=SCALE)
    tape.divide()


def divided_twice(tape):
    tape.scaled_batch()
    tape.divide()
    tape.unscale()


@pytest.mark.parametrize(
    ("beat", "words"), [(never_scaled, "never scaled"), (divided_twice, "more than once")]
)
def test_a_gradient_over_the_scale_bypassed_it_the_other_way(beat, words):
    verdict = scaling.scaler_bypassed(run(beat))
    assert isinstance(verdict, Found)
    assert words in verdict.evidence


def test_a_fused_step_divides_by_itself():
    tape = Scaled()
    for _ in range(6):
        tape.clear()
        tape.scaled_batch()
        before = tape.reading()
        tape.row("s", of=0, extra=SCALE, before=before, params=tape.weights(), rates=[0.1])
        tape.finish()
    assert scaling.scaler_bypassed(facts(*counted(tape), scaler())) == Clear()


@pytest.mark.parametrize(("divisor", "guilty"), [(None, True), (SCALE, False)])
def test_an_overflow_that_a_step_used_is_found_unless_the_step_looks_itself(divisor, guilty):
    tape = Scaled()
    tape.draw()
    tape.forward()
    tape.loss(2.0)
    tape.row("X", of=0, value=2.0, extra=SCALE)
    tape.backward(2.0 * SCALE, gain=np.full_like(tape.gradient, np.inf))
    tape.row("s", of=0, extra=divisor, before=tape.reading(), params=tape.weights(), rates=[0.1])
    tape.row("S", of=0, after=tape.reading(), params=tape.weights())
    verdict = scaling.scaler_bypassed(facts(*counted(tape), scaler()))
    assert isinstance(verdict, Found) is guilty


def test_one_odd_step_of_many_is_not_enough():
    tape = Scaled()
    for number in range(12):
        tape.clear()
        (still_scaled if number == 3 else right)(tape)
        tape.step()
    assert scaling.scaler_bypassed(facts(*counted(tape), scaler())) == Clear()


def test_a_scaler_that_is_switched_off_is_never_accused():
    seen = run(clipped_early, enabled=False)
    assert scaling.clip_before_unscale(seen) == Clear()
    assert scaling.scaler_bypassed(run(still_scaled, enabled=False)) == Clear()


def test_a_given_scaler_that_nobody_touched_is_found_and_one_of_the_student_s_own_is_not():
    idle = {"scaled": 0, "unscaled": 0, "steps": 0, "updates": 0}
    assert isinstance(scaling.scaler_bypassed(run(not_scaled_at_all, **idle)), Found)
    assert scaling.scaler_bypassed(run(not_scaled_at_all, given=False, **idle)) == Clear()


def test_scaling_by_hand_with_the_scaler_s_own_number_uses_it():
    def beat(tape):
        tape.draw()
        tape.forward()
        tape.loss(2.0)
        tape.backward(2.0 * SCALE, SCALE)
        tape.divide()
        tape.clip_to(0.5)

    seen = run(beat, scaled=0, unscaled=0, steps=0, updates=0)
    assert scaling.scaler_bypassed(seen) == Clear()


def test_what_cannot_be_followed_is_unknown():
    blind = facts(end({"B": 9, "S": 9, "C": 9}), scaler())
    assert isinstance(scaling.scaler_bypassed(blind), Unknown)
    assert isinstance(scaling.clip_before_unscale(blind), Unknown)


# ── scaler-update-missing ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "guilty"),
    [
        ({}, False),
        ({"updates": 0}, True),
        ({"updates": 0, "steps": 1}, False),
        ({"updates": 0, "enabled": False}, False),
        ({"updates": 2}, False),  # several optimizers
        ({"skipped": 5, "steps": 6}, True),
        ({"skipped": 5, "steps": 6, "last": SCALE / 32}, False),
        ({"skipped": 2, "steps": 6}, False),
        ({"skipped": 3, "steps": 60}, False),
    ],
)
def test_a_scale_that_never_moves_is_found(fields, guilty):
    assert isinstance(scaling.scaler_update_missing(facts(scaler(**fields))), Found) is guilty


def test_a_scaler_made_anew_for_every_step_forgets_what_it_learnt():
    made = [
        scaler(id=number, given=False, steps=1, skipped=1, updates=1, last=SCALE / 2) for number in range(5)
    ]
    verdict = scaling.scaler_update_missing(facts(*made))
    assert isinstance(verdict, Found)
    assert verdict.numbers == {"scaler_steps": 5, "skipped": 5, "scale": SCALE}


# ── gradients that are no multiple of what the backward pass left ────────────────────────────────


def noisy(tape):
    tape.gradient = tape.gradient + np.float32(0.3) * tape.new_gradient()


@pytest.mark.parametrize("clips", [True, False])
def test_noise_added_to_true_gradients_is_no_bypass(clips):
    def beat(tape):
        tape.scaled_batch()
        tape.unscale()
        noisy(tape)
        if clips:
            tape.clip_to(0.5)

    seen = run(beat)
    assert scaling.scaler_bypassed(seen) == Clear()
    assert scaling.clip_before_unscale(seen) == Clear()


# ── infinity_kept ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("cleared", "guilty"), [(True, False), (False, True)])
def test_backwards_onto_an_overflowed_gradient_show_that_nothing_clears_it(cleared, guilty):
    tape = Scaled()
    for _ in range(16):
        if cleared:
            tape.clear()
        tape.scaled_batch()
        with np.errstate(invalid="ignore"):
            tape.gradient = tape.gradient + np.float32(np.inf)
    seen = facts(*counted(tape, K=16), scaler(steps=16, skipped=16))
    assert bool(scaling.infinity_kept(seen)) is guilty
    assert isinstance(beats.missing_zero_grad(seen), Found) is guilty
