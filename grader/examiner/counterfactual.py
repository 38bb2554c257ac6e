"""Counterfactuals: the exercise's own wrong loops on a student's challenge, and which of them comes to the same.

Solution and bug files are trusted, and run here as the sandbox runs a student's file, each in a fork, unwatched but
for their steps.  Nothing of the student's is executed: what is compared is the record of the run.  Most runs end
after a step or two, at the first hash that differs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.examiner.answers import Answer, read_answer
from grader.examiner.apart import Budget
from grader.examiner.beside import Beside, Went
from grader.examiner.likeness import alike, distance, trail_of
from grader.examiner.warm import warm
from grader.exercise import Exercise
from grader.promise import Promise, promise_of
from sandbox import results, trace


@dataclass(frozen=True)
class Bug:
    """A bug file that computes something determinate."""

    name: str
    source: bytes
    promise: Promise


@dataclass(frozen=True)
class Match:
    """A bug that comes to the student's numbers.

    `function` is the one whose values are equal, "" where it is the parameters.  `steps` were compared; `whole` says
    whether that was to the end.  `distance` is the largest relative difference (0.0: equal bit by bit).
    """

    bug: Bug
    function: str = ""
    distance: float = 0.0
    steps: int = 0
    whole: bool = True

    def as_json(self) -> dict[str, object]:
        """The examiner's answer."""
        return {
            "slug": self.bug.promise.slugs[0],
            "computes": self.bug.promise.computes,
            "function": self.function,
            "distance": self.distance,
            "steps": self.steps,
            "whole": self.whole,
        }


def numeric_bugs(exercise: Exercise) -> list[Bug]:
    """The bug files of an exercise that are marked numeric, by name."""
    paths = sorted((exercise.reference / "bugs").glob("*.py"))
    bugs = [Bug(path.stem, source := path.read_bytes(), promise_of(source)) for path in paths]
    return [bug for bug in bugs if bug.promise.numeric]


def counterfactual(
    exercise: Exercise,
    files: Mapping[str, bytes],
    job: Mapping[str, Any],
    records: Sequence[trace.Record],
    *,
    seconds: float,
    found: Sequence[str] = (),
) -> list[Match]:
    """The bugs that come to what a run's `records` tell; none where the solution comes to it, too.

    `files` are the training files and `job` is what the sandbox was given (entry, name, seeds, parameters, shapes).
    Bugs with a slug among `found` come first, and all together may take `seconds` of CPU time.  Several matches are a
    class: no number tells them apart.
    """
    bugs = sorted(numeric_bugs(exercise), key=lambda bug: not set(bug.promise.slugs) & set(found))
    answers = [read_answer(record) for record in records if isinstance(record, trace.Answer)]
    by_weights = exercise.graded is not None and exercise.verify in (None, "replay")
    trail = trail_of(records) if by_weights else None
    if not bugs or (by_weights and trail is None):
        return []
    functions = [name for name in exercise.defines if name != exercise.function]
    if exercise.function and not by_weights:
        functions.append(exercise.function)  # last: it may call the others
    if exercise.graded is not None:
        warm()
    with tempfile.TemporaryDirectory(prefix="counterfactual-") as name:
        beside = Beside(Path(name), exercise, files, dict(job), trail, Budget(seconds))
        solution, sources = (exercise.reference / "solution.py").read_bytes(), [bug.source for bug in bugs]
        if functions:
            right, went = beside.run(solution, answers=True), beside.run_each(sources)
        else:
            went = beside.run_each([solution, *sources], judge=True)
            right = next(went)
        if right.differs is not None:
            return _by_weights(bugs, went, max(right.differs, min(results.EARLY_HASHES, beside.steps)))
        if not right.whole:
            return []
        wrong = [name for name in functions if not alike(_of(answers, name), right.of(name))]
        return _by_answers(beside, bugs, wrong, answers, right) if wrong else []


def _by_weights(bugs: Sequence[Bug], ran: Iterable[Went], least: int) -> list[Match]:
    """The bugs that come to the student's parameters at the end; where there is none, those that go along longest.

    That has to be for so many steps at `least`.  A loop whose bug is known may still leave its loader in another state
    at the end of an epoch, and then meets other batches; and time may run out.
    """
    whole: list[Match] = []
    longest: list[Match] = []
    for bug, went in zip(bugs, ran, strict=True):
        if went.failed:
            continue
        if went.whole and went.differs is None:
            whole.append(Match(bug, steps=went.steps))
        elif went.steps >= max(least, 1):
            longest.append(Match(bug, steps=went.steps, whole=False))
    most = max((match.steps for match in longest), default=0)
    return whole or [match for match in longest if match.steps == most]


def _by_answers(
    beside: Beside, bugs: Sequence[Bug], wrong: Sequence[str], answers: Sequence[Answer], right: Went
) -> list[Match]:
    """The bugs with the student's values for the first of the `wrong` functions that any bug explains."""
    ran = [(bug, beside.run(bug.source, answers=True)) for bug in bugs]
    for name in wrong:
        theirs = _of(answers, name)
        matches = [
            Match(bug, name, distance(theirs, went.of(name)), went.steps)
            for bug, went in ran
            if went.differs is None
            and alike(theirs, went.of(name))
            and not alike(went.of(name), right.of(name))
        ]
        if matches:
            return matches
    return []


def _of(answers: Sequence[Answer], function: str) -> list[Answer]:
    return [answer for answer in answers if answer.function == function]
