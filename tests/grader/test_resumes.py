"""Legs of a run: what each is told of the orders, when it is killed, and what their weights prove."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from grader.challenge import Challenge
from grader.checks.registry import Found, finding
from grader.errors import ExaminerError, SandboxBroken
from grader.examine import Prepared
from grader.exercise import load_exercise
from grader.launch.lines import Lines, limits_of
from grader.models import CheckResult, Evidence, Submission, Verification
from grader.resumes import MOST_ASKED, Resumed, Stretch, confirmed, proved, resumed
from grader.runs import Runs
from sandbox import trace, wire
from tests.grader.fakes import (
    HEADER,
    READY,
    STARTED,
    FakeLauncher,
    Scripted,
    answer,
    examiner,
    reported,
    run_end,
)

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


@pytest.mark.parametrize(
    ("slug", "legs", "basis"),
    [
        ("resume-diverges", FAILED, "verified"),
        ("resume-diverges", Resumed((weights(), weights())), "observed"),
        ("missing-zero-grad", Resumed((weights(), weights())), "verified"),
    ],
)
def test_a_mistake_that_no_leg_shows_is_only_observed(slug, legs, basis):
    item = finding(slug, Found("It was."), Evidence(records=(), source=()), "verified")
    clear = CheckResult(slug="checkpoint-incomplete", status="clear")
    found = CheckResult(slug=slug, status="found", finding=item)
    results = {slug: found, clear.slug: clear}
    told = proved(results, legs, weights(), EXERCISE)
    assert told[slug] == CheckResult(
        slug=slug, status="found", finding=item.model_copy(update={"basis": basis})
    )
    assert told[clear.slug] == clear


# ── the legs over scripted roles ─────────────────────────────────────────────────────────────────

RECORDS = trace.encode(HEADER) + trace.encode(STARTED)


def ran(files, left=b"", ending=None, records=RECORDS):
    """What a zygote sends of a leg."""
    pieces = [piece for name, content in files.items() for piece in wire.file_frames(name, content)]
    pieces += [reported(wire.TRACE, records), reported(wire.WEIGHTS, left)]
    return b"".join(pieces) + (ending or run_end(remains="")) + READY


CHALLENGE = Challenge.derive(bytes(32), EXERCISE.slug, EXERCISE.version, "ada", "0" * 64)


def legs(*sent, orders=(RIGHT, OTHER)):
    """What comes of these legs, and what the sandbox and the examiner were sent."""
    zygote = Scripted(READY, *sent)
    asked = examiner(*(answer({"orders": item}) for item in orders))
    submission = Submission(filename="loop.py", source=b"x = 1", exercise=EXERCISE.slug, student="ada")
    prepared = Prepared({"x.npy": b"TRAIN"}, {"x.npy": b"HELD BACK"}, {"epochs": 6})
    with Lines(FakeLauncher(sandbox=[zygote], examiner=[asked])) as lines:
        runs = Runs(submission, EXERCISE, lines, limits_of(EXERCISE), CHALLENGE, prepared, lambda _: None)
        return resumed(runs), zygote, asked


LEFT = {"whole/checkpoint.pt": bytes(100), "whole/log": bytes(7)}
ALL = (ran(LEFT), ran(LEFT), ran({"whole/end": b"e"}, weights()), ran({}, weights(1.5)))


def test_each_leg_gets_what_the_one_before_it_left_and_other_first_weights():
    result, zygote, asked = legs(*ALL)
    assert result == Resumed((weights(), weights(1.5)))
    jobs = [request for request in zygote.requests if "op" not in request]
    first, cut, rest, over = jobs
    assert [job["cut"] for job in jobs] == [0, 50, 0, 0]
    assert len({job["seeds"]["init"] for job in jobs}) == 4
    assert first["seeds"]["init"] == CHALLENGE.torch_seed("init")
    assert all(job["asks"] and job["keep"] and not job["spies"] for job in (first, cut, rest, over))
    names = [
        wire.split_file(payload)[0] if channel == wire.FILE else "|"
        for channel, payload in wire.FrameReader().feed(zygote.sent)
        if not payload.startswith(b'{"op"')
    ]
    given = ["loop.py", "exercise/model.py", "exercise/data/x.npy"]
    assert names == [*given, "|", *given, *LEFT, "|", *given, *LEFT, "|", *given, "whole/end", "|"]
    seeds = [CHALLENGE.torch_seed(purpose) for purpose in ("order", "order of what is over")]
    assert [request["seed"] for request in asked.requests] == seeds


def test_no_leg_is_told_what_the_order_comes_from_nor_when_it_is_killed():
    _, zygote, _ = legs(*ALL)
    for purpose in ("order", "order of what is over", "killed"):
        assert str(CHALLENGE.torch_seed(purpose)).encode() not in zygote.sent
    assert b"HELD BACK" not in zygote.sent


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ((ran({}),), "killed by us, it had left no file"),
        ((ran(LEFT, ending=run_end(remains="shared memory")),), "it left shared memory"),
        ((ran(LEFT, ending=run_end(protocol_error="no frame")),), "no frame"),
        ((*ALL[:3], ran({}, weights(), ending=run_end(remains="connections"))), "it left connections"),
    ],
)
def test_legs_end_where_no_other_can_go_on(sent, reason):
    assert legs(*sent)[0] == Resumed(reason=reason)


def test_what_fails_on_our_side_is_no_ones_fault():
    with pytest.raises(SandboxBroken, match="before it began"):
        legs(ran({}, records=b""))
    with pytest.raises(ExaminerError, match="no orders"):
        legs(*ALL, orders=("none", "none"))
