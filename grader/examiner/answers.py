"""Judging returned values: the answers a task's judge gets, how it compares them, and what it says.

def judge(answers, training, hidden, parameters) -> Judgement:
    judgement = Judgement()
    for answer in answers.of("gradients"):
        if not close(answer.value, expected):
            judgement.found("wrong-gradient", "gradients", f"It gave {described(answer.value)}; …")
    return judgement
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.models import Judged
from sandbox.answers import Other, rebuild
from sandbox.trace import Answer as AnswerRecord
from sandbox.trace import Record

TOLERANCE = 1e-9
"""Relative, for what is computed in float64."""


@dataclass(frozen=True)
class Answer:
    """What one call gave.  `value` is plain (see sandbox.answers.rebuild); `Other` where it could not be read."""

    function: str
    case: str
    value: Any
    mutated: tuple[str, ...] = ()
    notes: Mapping[str, list[int]] = field(default_factory=dict)


def read_answer(record: Record) -> Answer:
    """An answer from its record.  Raises TypeError for any other record."""
    if not isinstance(record, AnswerRecord):
        raise TypeError(f"{record.kind} is no answer")
    return Answer(record.function, record.case, rebuild(record.value), tuple(record.mutated), record.notes)


class Answers:
    """All answers of a run, in order."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = answers

    def __iter__(self) -> Iterator[Answer]:
        return iter(self._answers)

    def of(self, function: str) -> list[Answer]:
        """The answers of one function."""
        return [answer for answer in self._answers if answer.function == function]

    def case(self, function: str, case: str) -> Answer | None:
        """The first answer of a function in one case; None when the run did not come to it."""
        return next((answer for answer in self.of(function) if answer.case == case), None)


class Judgement:
    """What a judge says: findings, what could not be told, and the hidden test's numbers."""

    def __init__(self) -> None:
        self.items: list[Judged] = []
        self.metrics: dict[str, float] = {}
        self.samples = 0

    def found(self, slug: str, function: str, evidence: str, **numbers: float | int | str) -> None:
        """Something is wrong: the sentence that proves it and its numbers."""
        self.items.append(Judged(slug, "found", function, evidence, numbers=numbers))

    def unknown(self, slug: str, function: str, reason: str) -> None:
        """It could not be told; `reason` is a clause a student can read."""
        self.items.append(Judged(slug, "unknown", function, reason=reason))

    def clear(self, slug: str, function: str) -> None:
        """Nothing is wrong."""
        self.items.append(Judged(slug, "clear", function))

    def as_json(self) -> dict[str, object]:
        """The examiner's answer."""
        items = [dataclasses.asdict(item) for item in self.items]
        return {"judged": items, "metrics": self.metrics, "samples": self.samples}


def numbers_of(value: Any, shape: tuple[int, ...] | None = None) -> np.ndarray[Any, Any] | None:
    """A value as a float64 array (of this shape, where one is given); None where it is not that.

    Lists and tuples of numbers count as arrays; a 0-d array or an array of one number counts as a number.
    """
    if not _numeric(value):
        return None
    try:
        numbers = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    if shape == () and numbers.size == 1:
        return numbers.reshape(())
    return numbers if shape is None or numbers.shape == shape else None


def _numeric(value: Any) -> bool:
    """Whether a value holds numbers and nothing else; numpy would also take texts, None and truths for numbers."""
    if isinstance(value, (list, tuple)):
        return all(_numeric(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iuf"
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def close(value: Any, expected: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether a value equals what is expected up to rounding, relative to the largest number expected."""
    wanted = np.asarray(expected, dtype=np.float64)
    numbers = numbers_of(value, wanted.shape)
    return numbers is not None and _close(numbers, wanted, tolerance)


def _close(numbers: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any], tolerance: float) -> bool:
    same = (numbers == wanted) | (np.isnan(numbers) & np.isnan(wanted))
    scale = float(np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0))
    with np.errstate(invalid="ignore"):
        near = np.abs(numbers - wanted) <= tolerance * max(scale, 1e-300)
    return bool(np.all(same | near))


def first_difference(
    value: Any, expected: Any, tolerance: float = TOLERANCE
) -> tuple[tuple[int, ...], float, float] | None:
    """Where two arrays of one shape differ first: the index, the value there, and what was expected."""
    wanted = np.asarray(expected, dtype=np.float64)
    numbers = numbers_of(value, wanted.shape)
    if numbers is None:
        return None
    scale = float(np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0))
    for index in np.ndindex(wanted.shape):
        one, two = float(numbers[index]), float(wanted[index])
        same = one == two or (math.isnan(one) and math.isnan(two))
        if not same and not abs(one - two) <= tolerance * max(scale, 1e-300):
            return tuple(int(part) for part in index), one, two
    return None


def likely_slip(value: Any, slips: Mapping[str, Any], tolerance: float = 1e-6) -> str:
    """The first slip whose value this is; "" when none explains it."""
    return next((name for name, other in slips.items() if close(value, other, tolerance)), "")


def described(value: Any) -> str:
    """A value in a few words: a number, an array by its shape, anything else by its type."""
    if isinstance(value, Other):
        return value.type if value.type.startswith("a ") else f"a value of type {value.type}"
    if value is None:
        return "None"
    if isinstance(value, (bool, int, float)):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    if isinstance(value, np.ndarray):
        return f"an array of shape {tuple(value.shape)}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of length {len(value)}"
    return f"a {type(value).__name__}"
