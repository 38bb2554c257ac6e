"""What is compared where a run is not like the bug's file: other iterators, updates by hand, lies, too little time."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import pytest

from grader.challenge import Challenge
from grader.examine import prepare
from grader.examiner.counterfactual import Match, counterfactual
from grader.exercise import load_exercise
from grader.launch.lines import Lines
from grader.models import Submission
from grader.pipeline import job_of
from sandbox import trace
from tests.counterfactuals.running import SECRET, SPELLED, matches

TRAIN = "def train(model, loader, criterion, optimizer, epochs):\n"


def loop(body: str) -> bytes:
    return (TRAIN + textwrap.indent(textwrap.dedent(body), "    ")).encode()


def claimed(lines: Lines, slug: str, records: Sequence[trace.Record]) -> list[Match]:
    """What is said of records that no run left."""
    exercise = load_exercise(slug)
    challenge = Challenge.derive(SECRET, slug, exercise.version, "", "lies")
    prepared = prepare(lines.examiner(), exercise, challenge)
    submission = Submission(filename="loop.py", source=b"", exercise=slug)
    job = job_of(submission, exercise, challenge, prepared)
    return counterfactual(exercise, prepared.training, job.fields, records, seconds=20.0)


def answer(value: object, case: str = "1") -> trace.Answer:
    return trace.Answer(function="mse", case=case, value=value, mutated=[], notes={})


def test_a_loop_that_leaves_its_iterator_early_is_known_by_the_steps_before(lines: Lines) -> None:
    source = loop("""\
        for epoch in range(epochs):
            batches = iter(loader)
            for number in range(len(loader)):
                x, y = next(batches)  # the iterator never learns that the epoch is over
                criterion(model(x), y).backward()
                optimizer.step()
    """)
    found = matches(lines, "circles", source)
    assert "missing_zero_grad" in {match.bug.name for match in found}
    assert {match.bug.promise.slugs[0] for match in found} == {"missing-zero-grad"}
    assert all(not match.whole and match.steps >= 8 for match in found)


def test_updates_by_hand_are_compared_at_the_end(lines: Lines) -> None:
    source = loop("""\
        rate = optimizer.param_groups[0]["lr"]
        for epoch in range(epochs):
            for x, y in loader:
                criterion(model(x), y).backward()
                for weight in model.parameters():
                    weight.data.add_(weight.grad, alpha=-rate)
        return [0.0] * epochs
    """)
    (match,) = matches(lines, "linreg-torch", source)
    assert (match.bug.name, match.whole) == ("missing_zero_grad", True)


def test_two_mistakes_are_no_known_one(lines: Lines) -> None:
    source = loop("""\
        for epoch in range(epochs):
            for x, y in loader:
                criterion(model(x), y).backward()
                optimizer.step()
                optimizer.step()
        return [0.0] * epochs
    """)
    assert matches(lines, "linreg-torch", source) == []


def test_without_time_nothing_is_said(lines: Lines) -> None:
    source = (SPELLED / "linreg-torch" / "double_step.py").read_bytes()
    assert matches(lines, "linreg-torch", source, seconds=0.001) == []


@pytest.mark.parametrize(
    "hashes",
    [
        [],
        [(0, "a")],
        [(0, "a"), (0, "a")],
        [(0, "a"), (1, "b"), (2, "c")],
        [(-7, "a"), (1 << 60, "b")],
        [(5, "a"), (0, "b"), (-1, "")],
        [(0, "a")] * 3000,
    ],
)
def test_hashes_that_no_run_left_are_those_of_no_bug(lines: Lines, hashes: list[tuple[int, str]]) -> None:
    records = [trace.Hash(step=step, sha256=sha) for step, sha in hashes]
    assert claimed(lines, "linreg-torch", records) == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        "nan",
        math.nan,
        1 << 70,
        {"list": [{"list": [{"list": []}]}]},
        {"dict": [["a", 1], [{"text": "b"}, {"array": "nonsense"}]]},
        {"array": "d" * 100, "shape": [-1], "dtype": "float64"},
        {"other": 7},
    ],
)
def test_values_that_no_function_gave_are_those_of_no_bug(lines: Lines, value: object) -> None:
    assert claimed(lines, "losses", [answer(value), answer(value, "2")]) == []
