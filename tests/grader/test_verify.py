"""Which records are judged after a replay, and what is said of it."""

import pytest

from grader.challenge import Challenge
from grader.exercise import load_exercise
from grader.launch.lines import Lines
from grader.models import Verification
from grader.verify import (
    JOB,
    LEAST_SECONDS,
    MOST_SECONDS,
    Replayed,
    composed,
    lesser,
    told,
    transfers,
    untold,
)
from sandbox import trace
from tests.grader.fakes import HEADER, STARTED, FakeLauncher, answer, examiner

VERIFIED = Verification(status="verified", method="replay")
OBSERVED = Verification(status="observed", method="none")
UNVERIFIED = Verification(status="unverified", method="replay")


def end(**changes):
    fields = {
        "finished": True,
        "steps": 3,
        "counts": {"S": 3},
        "trained_rows": 48,
        "moved": True,
        "seconds": 1.0,
        "dropped": 0,
        "failures": 0,
    }
    return trace.End(**{**fields, **changes})


def rates(value):
    return trace.Rates(optimizer=0, runs=[[value, 3]], truncated=False)


def test_numbers_are_the_replays_and_habits_the_runs():
    sync = trace.Sync(calls=3, steps=3, line=7)
    claimed = (HEADER, STARTED, rates(0.05), sync, end(steps=30, failures=2, finished=False))
    own = (HEADER, rates(0.5), trace.Sync(calls=0, steps=0, line=0), end(steps=3, failures=1))
    judged = composed(claimed, own)
    assert [record for record in judged if isinstance(record, trace.Rates)] == [rates(0.5)]
    assert [record for record in judged if isinstance(record, trace.Sync)] == [sync]
    assert [record for record in judged if isinstance(record, trace.Started)] == [STARTED]
    (last,) = (record for record in judged if isinstance(record, trace.End))
    assert (last.steps, last.failures, last.finished) == (3, 1, False)


def answered(case, value):
    return trace.Answer(function="train", case=case, value=value, mutated=[], notes={"splits": [value]})


def test_an_answer_that_the_replay_gave_is_taken_in_place_of_the_claimed_one():
    claimed = (HEADER, answered("returned", 1), answered("losses", 2), end())
    judged = composed(claimed, (HEADER, answered("losses", 3), end()))
    answers = [record for record in judged if isinstance(record, trace.Answer)]
    assert sorted(answers, key=lambda item: item.case) == [answered("losses", 3), answered("returned", 1)]


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("equal", "verified"),
        ("unknown", "observed"),
        ("different", "unverified"),
        ("contradiction", "unverified"),
        ("too-long", "unverified"),
        ("anything else", "unverified"),
    ],
)
def test_only_what_came_to_the_same_is_verified(status, wanted):
    verification = told(Replayed(status, "why", 9, ()))
    assert (verification.status, verification.method) == (wanted, "replay")
    assert verification.distance == (0.0 if wanted == "verified" else None)


STEP = [["D", 0, 0], ["Z", 0, True], ["S", 0]]
QUIET = ["?", "f", "an input of the model", True]
UNKNOWN = {
    "a loss": ["?", "L", "an operand of the loss", True],
    "a backward": ["?", "B", "what goes backward"],
    "an evaluation that is of moment": ["?", "f", "an input of the model", False],
    "one that says nothing more": ["?"],
    "one in a closure": ["S", 0, [["Z", 0, True], ["?", "B", "what goes backward"]]],
}


def script(*ops):
    return trace.Script(id=0, ops=list(ops))


@pytest.mark.parametrize("op", UNKNOWN.values(), ids=UNKNOWN)
def test_a_program_may_say_itself_that_it_cannot_be_executed(op):
    assert untold((HEADER, script(*STEP), script(*STEP, op), end()))


@pytest.mark.parametrize("ops", [STEP, [QUIET, *STEP], [["S", 0, [["B"]], None]], ["?", 7, None, {}, []], []])
def test_a_program_that_does_not_may_still_be_one_or_none(ops):
    assert not untold((HEADER, script(*ops), end()))


def test_closures_without_end_are_no_recursion_without_end():
    op = ["?"]
    for _ in range(5_000):
        op = ["S", 0, [op]]
    assert not untold((script(op),))


def test_of_several_runs_the_one_that_says_least_counts():
    assert lesser(VERIFIED, OBSERVED) == lesser(OBSERVED, VERIFIED) == OBSERVED
    assert lesser(OBSERVED, UNVERIFIED) == UNVERIFIED
    assert lesser(VERIFIED, VERIFIED) == VERIFIED
    assert lesser(None, None) is None


@pytest.mark.parametrize("pair", [(VERIFIED, None), (None, VERIFIED)])
def test_a_run_that_was_not_verified_lets_no_other_vouch_for_it(pair):
    assert lesser(*pair).status == "observed"
    assert lesser(*pair).method == "replay"


# ── on data that no run has seen ─────────────────────────────────────────────────────────────────

MNIST = load_exercise("mnist-from-memory")  # accuracy of at least 0.9
LINREG = load_exercise("linreg-torch")  # mean squared error of at most 0.03
GIVEN = {
    "entry": "script",
    "name": "",
    "seeds": {"init": 1, "order": 2, "dropout": 3},
    "parameters": {"samples": 6000},
    "shapes": MNIST.shapes,
    "own": None,
    "traced": True,
    "defines": [],
}


def asked(fields, *, exercise=MNIST, seconds=1.0):
    """Whether a program transfers by an examiner's answer, and what that was asked for."""
    endpoint = examiner(answer(fields)) if fields is not None else examiner()
    challenge = Challenge.derive(bytes(32), exercise.slug, exercise.version, "ada", "0" * 64)
    with Lines(FakeLauncher(examiner=[endpoint])) as lines:
        found = transfers(lines, exercise, challenge, GIVEN, (HEADER, STARTED), seconds)
    return found, endpoint


def done(metrics, cut, status="done", first=None):
    return {
        "status": status,
        "metrics": metrics,
        "cut": cut,
        "first": {} if first is None else {"accuracy": first},
    }


@pytest.mark.parametrize(
    ("cut", "first", "wanted"), [(0.92, 0.92, True), (0.95, 0.1, False), (0.92, None, False)]
)
def test_first_weights_that_are_good_already_are_no_learning_without_a_loss(cut, first, wanted):
    assert asked(done({"accuracy": 0.95}, {"accuracy": cut}, first=first))[0] is wanted


@pytest.mark.parametrize(
    ("metrics", "cut", "wanted"),
    [
        ({"accuracy": 0.95}, {"accuracy": 0.1}, True),
        ({"accuracy": 0.9}, {"accuracy": 0.8999}, True),
        ({"accuracy": 0.95}, {}, True),  # what is cut off came to numbers that are none
        ({"accuracy": 0.8999}, {"accuracy": 0.1}, False),
        ({"accuracy": 0.95}, {"accuracy": 0.9}, False),
        ({"accuracy": 0.95}, {"accuracy": 0.95}, False),
        ({"accuracy": 0.1}, {"accuracy": 0.95}, False),
        ({}, {}, False),
        ({"other": 1.0}, {"accuracy": 0.1}, False),
        ({"accuracy": None}, {"accuracy": 0.1}, False),
        ({"accuracy": float("nan")}, {"accuracy": 0.1}, False),
        ({"accuracy": 0.95}, {"accuracy": float("nan")}, True),
    ],
)
def test_a_program_transfers_that_learns_there_and_only_from_its_loss(metrics, cut, wanted):
    assert asked(done(metrics, cut))[0] is wanted


@pytest.mark.parametrize(
    ("value", "cut", "wanted"),
    [(0.01, 4.0, True), (0.03, 0.031, True), (0.01, 0.02, False), (0.1, 4.0, False)],
)
def test_a_number_that_is_to_be_low_is_low(value, cut, wanted):
    assert asked(done({"mse": value}, {"mse": cut}), exercise=LINREG)[0] is wanted


@pytest.mark.parametrize("status", ["unknown", "contradiction", "too-long", "equal", ""])
def test_a_program_that_was_not_executed_there_does_not_transfer(status):
    assert asked(done({"accuracy": 0.95}, {"accuracy": 0.1}, status))[0] is False


def test_an_examiner_that_fails_in_it_is_ended_and_proves_nothing():
    found, endpoint = asked(None)
    assert found is False
    assert endpoint.closed
    assert asked({"error": "KeyError"})[0] is False


def test_other_data_and_other_seeds_are_drawn():
    _, endpoint = asked(done({}, {}))
    (request,) = endpoint.requests
    challenge = Challenge.derive(bytes(32), MNIST.slug, MNIST.version, "ada", "0" * 64)
    assert (request["op"], request["exercise"]) == ("transfer", MNIST.slug)
    seeds = request["seeds"]
    assert seeds.keys() == {"train", "hidden"}
    assert not {challenge.seed("train"), challenge.seed("hidden")} & set(seeds.values())
    assert set(request["job"]) == set(JOB)
    assert request["job"]["seeds"].keys() == GIVEN["seeds"].keys()
    assert all(request["job"]["seeds"][name] != seed for name, seed in GIVEN["seeds"].items())
    assert endpoint.files == {"trace.jsonl": trace.encode(HEADER) + trace.encode(STARTED)}


@pytest.mark.parametrize(("seconds", "limit"), [(0.1, LEAST_SECONDS), (6.0, 30.0), (1e6, MOST_SECONDS)])
def test_it_may_take_a_few_times_as_long_as_the_run(seconds, limit):
    (request,) = asked(done({}, {}), seconds=seconds)[1].requests
    assert request["seconds"] == limit


def test_where_nothing_is_measured_nobody_is_asked():
    found, endpoint = asked(done({}, {}), exercise=load_exercise("losses"))
    assert found is True
    assert endpoint.sent == b""
