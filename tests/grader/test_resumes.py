"""Legs of a run: what each is told of the orders, when it is killed, and what their weights prove."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from grader.exercise import load_exercise
from grader.models import CheckResult, Verification
from grader.resumes import MOST_ASKED, Resumed, Stretch, confirmed

EXERCISE = load_exercise("checkpoint-resume")
RIGHT = [[[100 * epoch + 10 * batch] for batch in range(3)] for epoch in range(6)]
OTHER = [[[-1] for _ in range(3)] for _ in range(6)]
VERIFIED = Verification(status="verified", method="replay", steps=9, distance=0.0)


def told(stretch, epoch, batch):
    answer = stretch.answer(json.dumps([epoch, batch]).encode())
    return None if answer is None else json.loads(answer)


def test_a_leg_is_told_the_right_order_until_it_is_killed():
    stretch = Stretch(RIGHT, OTHER, until=(3, 1))
    assert [told(stretch, *place) for place in ((0, 0), (2, 2), (3, 0))] == [[0], [220], [300]]
    assert told(stretch, 3, 1) is None
    assert stretch.reached == 3


@pytest.mark.parametrize("ahead", [(3, 2), (4, 0), (5, 0), (6, 0), (999, 0)])
def test_who_asks_for_what_lies_ahead_is_killed(ahead):
    assert told(Stretch(RIGHT, OTHER, until=(3, 1)), *ahead) is None


def test_a_leg_that_goes_on_is_told_another_order_for_what_lies_behind():
    stretch = Stretch(RIGHT, OTHER, first=2)
    assert [told(stretch, epoch, 0) for epoch in range(6)] == [[-1], [-1], [200], [300], [400], [500]]
    assert told(stretch, 6, 0) == [-1]
    over = Stretch(RIGHT, OTHER, first=6)
    assert [told(over, epoch, 1) for epoch in range(6)] == [[-1]] * 6


def test_how_far_it_came_is_no_more_than_it_was_let():
    stretch = Stretch(RIGHT, OTHER, 1, (3, 1), 2)
    assert stretch.reached == 2
    told(stretch, 0, 0)
    assert stretch.reached == 2
    told(stretch, 999, 0)
    assert stretch.reached == 3


@pytest.mark.parametrize(
    "question",
    [b"", b"{", b"[1]", b"[1, 2, 3]", b'["0", 0]', b"[-1, 0]", b"[0.0, 0]", b"[true, 0]", b"[" * 100_000],
)
def test_what_is_no_question_is_the_end(question):
    assert Stretch(RIGHT, OTHER).answer(question) is None


def test_nobody_asks_for_ever():
    stretch = Stretch(RIGHT, OTHER)
    answers = [told(stretch, 0, 0) for _ in range(MOST_ASKED * 18 + 2)]
    assert answers.index(None) == MOST_ASKED * 18


def weights(scale=1.0, shift=0.0):
    random = np.random.default_rng(0)
    arrays = [
        (scale * random.normal(size=shape) + shift).astype(np.float32) for shape in EXERCISE.graded.shapes
    ]
    return save({str(number): array for number, array in enumerate(arrays)})


@pytest.mark.parametrize(
    ("legs", "said"),
    [
        (Resumed((weights(), weights())), ""),
        (Resumed((weights(1 + 1e-7), weights())), ""),
        (Resumed((weights(1.001), weights())), "after it was killed, with the files"),
        (Resumed((weights(shift=1e-3), weights())), "after it was killed, with the files"),
        (Resumed((weights(), weights(1.001))), "after it was over, with the files"),
        (Resumed((b"", weights())), "after it was killed, it came to no end"),
        (Resumed((weights(), b"")), "after it was over, it came to no end"),
        (Resumed((weights(float("nan")), weights())), "other weights"),
        (Resumed((b"nonsense", weights())), "other weights"),
        (Resumed(reason="killed by us, it had left no file"), "it had left no file"),
    ],
)
def test_legs_prove_a_run_that_they_come_to_the_weights_of(legs, said):
    verification = confirmed(VERIFIED, {}, legs, weights(), EXERCISE)
    assert verification.status == ("unverified" if said else "verified")
    assert said in verification.reason
    assert verification.steps == 9


FAILED = Resumed(reason="killed by us, it had left no file")


@pytest.mark.parametrize(
    "verification",
    [
        None,
        Verification(status="observed", method="replay"),
        Verification(status="unverified", method="replay"),
    ],
)
def test_what_was_not_verified_stays_as_it_is(verification):
    assert confirmed(verification, {}, FAILED, weights(), EXERCISE) == verification


@pytest.mark.parametrize(
    ("slug", "status", "wanted"),
    [
        ("resume-diverges", "found", "verified"),
        ("checkpoint-incomplete", "found", "verified"),
        ("resume-diverges", "clear", "unverified"),
        ("resume-diverges", "unknown", "unverified"),
        ("missing-zero-grad", "found", "unverified"),
    ],
)
def test_a_run_that_tells_of_its_mistake_itself_needs_no_proof(slug, status, wanted):
    results = {slug: CheckResult(slug=slug, status=status)}
    assert confirmed(VERIFIED, results, FAILED, weights(), EXERCISE).status == wanted
