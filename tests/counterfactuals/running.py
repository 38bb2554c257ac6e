"""Runs one of our own files in a sandbox, and asks which numeric bugs come to its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.challenge import Challenge
from grader.examine import prepare
from grader.examiner.counterfactual import Match, counterfactual, numeric_bugs
from grader.exercise import Exercise, course, load_exercise, slugs
from grader.launch.lines import Lines, limits_of
from grader.models import Submission
from grader.pipeline import gated, job_of, run
from sandbox import trace

SECRET = bytes(range(32))
PLENTY = 100.0
"""Seconds: what is tested is the answer, not the budget."""

SPELLED = Path(__file__).parent

CLASSES = {
    "linreg-torch": [{"missing_backward", "missing_step", "zero_grad_after_backward"}],
    "sgd-from-scratch": [{"cleared_before_update", "never_backward", "never_updated"}],
    "circles": [{"cleared_too_late", "no_backward", "no_step"}],
    "train-and-validate": [{"missing_backward", "missing_step"}],
    "lr-schedules": [{"missing_backward", "missing_step"}],
    "mixed-precision": [
        # A scaled gradient that is never cleared stays infinite, and the scaler leaves every step out.
        {"missing_backward", "missing_step", "missing_zero_grad_float16"},
        {"clip_after_step", "missing_clip"},
    ],
    "production-template": [
        {"missing_backward", "missing_step", "zero_grad_after_backward"},
        {"clip_before_backward", "missing_clip"},
    ],
    "lm-accumulation": [
        {"cleared_before_the_step", "missing_backward", "missing_step"},
        {"clip_after_step", "no_clip"},
    ],
}
"""Bugs that are the same by nature: no number tells the members of a class apart.  There is no other class."""


def class_of(slug: str, name: str) -> set[str]:
    """The bugs with the same numbers as this one, itself among them."""
    return next((members for members in CLASSES.get(slug, []) if name in members), {name})


def function_exercises() -> list[Exercise]:
    """All exercises but scripts, whose model the file makes itself."""
    return [exercise for slug in slugs() if (exercise := load_exercise(slug)).entry == "function"]


def numeric_files() -> Iterator[tuple[str, str]]:
    """Exercise and name of every bug file that is marked numeric."""
    for exercise in function_exercises():
        yield from ((exercise.slug, bug.name) for bug in numeric_bugs(exercise))


def right_files() -> Iterator[tuple[str, Path]]:
    """Solution and variants of every exercise but scripts."""
    for exercise in function_exercises():
        folder = course("reference") / exercise.slug
        yield from (
            (exercise.slug, path)
            for path in [folder / "solution.py", *sorted((folder / "variants").glob("*.py"))]
        )


def matches(lines: Lines, slug: str, source: bytes, seconds: float = PLENTY) -> list[Match]:
    """Run a file, and find the numeric bugs that come to its numbers."""
    exercise = load_exercise(slug)
    limits = limits_of(exercise)
    challenge = Challenge.derive(SECRET, slug, exercise.version, "", "counterfactuals")
    prepared = prepare(lines.examiner(), exercise, challenge)
    submission = Submission(filename="loop.py", source=source, exercise=slug)
    job = job_of(submission, exercise, challenge, prepared)
    refused, records = gated(run(job, exercise, lines, limits))
    assert not refused
    assert not [record for record in records if isinstance(record, (trace.Stop, trace.Failure))]
    return counterfactual(exercise, prepared.training, job.fields, records, seconds=seconds)
