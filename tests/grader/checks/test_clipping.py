"""The checks of clipping: what the norm at a step says, and what the clips around it add to that."""

import numpy as np
import pytest

from grader.checks import clipping
from grader.checks.registry import Clear, Found, Unknown
from sandbox import trace
from tests.grader.checks.tape import Tape, counted, end, facts

ALL = [clipping.clip_before_backward, clipping.clip_after_step, clipping.missing_clip]
LINES = {"Z": 2, "F": 3, "B": 5, "C": 6, "s": 7, "S": 7}
LIMIT = 1.0


def run(beats, *, norm=3.0, clipped=LIMIT, bound=LIMIT, times=6, text="clip_grad_norm_"):
    """Rows of a loop with these beats; C sees `norm` and cuts at `bound`, a step's gradient has the norm `clipped`."""
    rows = []
    for step in range(times):
        for beat in beats:
            more = {}
            if beat == "C":
                more = {"value": norm, "extra": bound, "text": text}
            if beat == "s":
                more = {"value": clipped(step) if callable(clipped) else clipped}
            rows.append(trace.Row(window=0, beat=beat, step=step, line=LINES[beat], **more))
            if beat == "s":
                rows.append(trace.Row(window=0, beat="S", step=step, line=7))
    return rows


def found(rows, **how):
    seen = facts(*rows, **{"max_norm": LIMIT, **how})
    names = {check.__name__ for check in ALL if isinstance(check(seen), Found)}
    return names | ({"wrong_limit"} if clipping.wrong_limit(seen) is not None else set())


@pytest.mark.parametrize("beats", ["ZFBCs", "FBCsZ", "FZBCs", "ZFBFBFBCs", "ZFBCsC", "CZFBCs"])
def test_a_clip_between_the_last_backward_and_the_step_is_right(beats):
    assert found(run(beats)) == set()


def test_a_gradient_cut_by_hand_is_as_good_as_any():
    assert found(run("ZFBs")) == set()


def test_gradients_that_stay_below_the_limit_need_no_clip():
    assert found(run("ZFBs", clipped=lambda step: 0.5 + step / 20)) == set()


@pytest.mark.parametrize("beats", ["ZCFBs", "ZFCBs", "CZFBs", "FCZBs"])
def test_a_clip_before_the_backward_is_found(beats):
    assert found(run(beats, clipped=lambda step: 3.0 + step)) == {"clip_before_backward"}


@pytest.mark.parametrize("beats", ["ZFBsC", "FBsCZ", "FBsZC"])
def test_a_clip_after_the_step_is_found(beats):
    assert found(run(beats, clipped=lambda step: 3.0 + step)) == {"clip_after_step"}


def test_no_clip_is_found_with_the_largest_norm():
    seen = facts(*run("ZFBs", clipped=lambda step: 3.0 + step), max_norm=LIMIT)
    verdict = clipping.missing_clip(seen)
    assert verdict.numbers == {"steps": 6, "steps_above_limit": 6, "largest_norm": 8.0, "max_norm": 1.0}
    assert "Nothing had shortened them" in verdict.evidence


def test_a_clip_of_other_parameters_is_no_clip():
    seen = facts(*run("ZFBCs", clipped=lambda step: 3.0 + step), max_norm=LIMIT)
    assert "of other parameters" in clipping.missing_clip(seen).evidence
    assert found(run("ZFBCs", clipped=lambda step: 3.0 + step)) == {"missing_clip"}


@pytest.mark.parametrize(("above", "guilty"), [(0, False), (1, False), (2, True)])
def test_one_step_above_the_limit_accuses_nobody(above, guilty):
    rows = run("ZFBs", clipped=lambda step: 2.0 + step if step < above else 0.3 + step / 9)
    assert bool(found(rows)) == guilty


def test_a_clip_after_every_micro_batch_counts_when_it_shortens_something():
    assert found(run("ZFBCFBCs")) == {"clip_before_backward"}
    assert found(run("ZFBCFBCs", norm=0.5, clipped=0.5)) - {"wrong_limit"} == set()


@pytest.mark.parametrize(("bound", "norm"), [(5.0, 9.0), (0.25, 9.0)])
def test_another_limit_is_a_wrong_number(bound, norm):
    assert found(run("ZFBCs", norm=norm, clipped=bound, bound=bound)) == {"wrong_limit"}


def test_another_limit_by_hand_shows_in_norms_that_are_all_alike():
    assert found(run("ZFBs", clipped=0.25)) == {"wrong_limit"}
    assert found(run("ZFBs", clipped=2.5)) == {"wrong_limit"}


def test_cutting_value_by_value_is_a_wrong_number():
    rows = run("ZFBCs", clipped=lambda step: 2.0 + step, text="clip_grad_value_")
    assert found(rows) == {"wrong_limit"}


def test_a_limit_for_scaled_gradients_is_left_to_another_check():
    rows = run("ZFBCs", clipped=1e-4, bound=65536.0, norm=99999.0)
    scaled = []
    for row in rows:
        scaled.append(row)
        if row.beat == "F":
            scaled.append(trace.Row(window=0, beat="X", step=row.step, line=4))
    assert found(scaled) == set()


def test_without_a_limit_nothing_is_asked():
    assert {type(check(facts(*run("ZFBs", clipped=9.0)))) for check in ALL} == {Clear}


def test_updates_by_hand_cannot_be_judged():
    seen = facts(end({"B": 8}, moved=True), max_norm=LIMIT)
    assert isinstance(clipping.missing_clip(seen), Unknown)


def test_a_fused_step_that_divides_by_itself_is_read_rightly():
    rows = run("ZFBs", clipped=65536.0)
    fused = [
        trace.Row(window=0, beat="s", step=row.step, line=7, value=row.value, extra=65536.0)
        if row.beat == "s"
        else row
        for row in rows
    ]
    assert found(fused) == set()


# ── scaled by hand ───────────────────────────────────────────────────────────────────────────────


def scaled(factor, *, longest=4.0, times=8, averaged=False):
    """What is found where the gradients of every step are multiplied by `factor(norm)`."""
    tape = Tape(sizes=(8, 8), norms=True)
    for step in range(times):
        tape.clear()
        gain = tape.new_gradient()
        gain *= np.float32(longest * (step + 1) / times) / np.linalg.norm(gain)
        for _ in range(2 if averaged else 1):
            tape.draw()
            tape.forward()
            tape.loss()
            tape.backward(gain=gain)
        tape.scale(factor(float(np.linalg.norm(tape.gradient))))
        tape.step()
    return found(counted(tape))


@pytest.mark.parametrize(
    "factor",
    [
        lambda norm: min(1.0, (LIMIT / norm) ** 2),  # twice
        lambda norm: LIMIT * norm / 20 if norm > LIMIT else 1.0,  # multiplied instead of divided
        lambda norm: LIMIT / norm,  # lengthens what is shorter than the limit
    ],
)
def test_a_clip_by_hand_to_another_length_than_the_limit_is_found(factor):
    longest = 0.9 if factor(0.5) > 1 else 4.0
    assert scaled(factor, longest=longest) == {"wrong_limit"}


@pytest.mark.parametrize(
    ("factor", "averaged"),
    [
        (lambda norm: min(1.0, LIMIT / (norm + 1e-6)), False),
        (lambda norm: min(1.0, 2 * LIMIT / norm) / 2, True),  # averaged, and then cut
        (lambda norm: 1 / 8, False),  # divided by a number
        (lambda norm: 1 / (5 + round(7 * norm) % 3), False),  # of tokens, say: the norm is not asked
    ],
)
def test_a_right_clip_or_a_division_by_hand_is_not_flagged(factor, averaged):
    assert scaled(factor, averaged=averaged) == set()


def test_the_evidence_of_a_wrong_cut_says_what_was_due():
    tape = Tape(sizes=(8, 8), norms=True)
    for _ in range(6):
        tape.clear()
        tape.batch()
        tape.scale((LIMIT / float(np.linalg.norm(tape.gradient))) ** 2)
        tape.step()
    seen = clipping.wrong_limit(facts(*counted(tape), max_norm=LIMIT))
    assert seen is not None
    assert seen.numbers["wanted_max_norm"] == LIMIT
    assert "should be 1." in seen.evidence
