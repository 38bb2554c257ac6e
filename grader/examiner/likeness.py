"""How far two runs' numbers lie apart: parameters by their hashes, returned values by the numbers in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.examiner.answers import TOLERANCE, Answer
from sandbox import trace


@dataclass(frozen=True)
class Trail:
    """The hashes of a run's parameters: before the first step, after some of the steps, and at the end."""

    first: str
    after: dict[int, str]
    last: str
    steps: int

    @property
    def still(self) -> bool:
        """Whether the parameters never changed."""
        return {self.first, self.last, *self.after.values()} == {self.first}

    @property
    def counts(self) -> bool:
        """Whether the number of steps says something: not where none moved anything, or no optimizer was used."""
        return bool(self.steps) and not self.still

    def fits(self, step: int, sha256: str) -> bool:
        """Whether another run can have this hash after that step and still come to the same parameters."""
        if self.still:
            return sha256 == self.first
        return not self.steps or self.after.get(step) == sha256


def trail_of(records: Sequence[trace.Record]) -> Trail | None:
    """The trail that a run left; None where it has no beginning or no end."""
    hashes = [record for record in records if isinstance(record, trace.Hash)]
    if len(hashes) < 2 or hashes[0].step:
        return None
    after = {record.step: record.sha256 for record in hashes[1:-1]}
    return Trail(hashes[0].sha256, after, hashes[-1].sha256, hashes[-1].step)


def distance(one: Sequence[Answer], other: Sequence[Answer]) -> float:
    """The largest difference of two runs' answers, each relative to the largest number of the other's answer.

    Infinite where they are not answers to the same questions, or not as many numbers.
    """
    if [answer.case for answer in one] != [answer.case for answer in other]:
        return math.inf
    pairs = zip(one, other, strict=True)
    return max((_apart(list(_leaves(a.value)), list(_leaves(b.value))) for a, b in pairs), default=0.0)


def alike(one: Sequence[Answer], other: Sequence[Answer]) -> bool:
    """Whether two runs' answers are equal up to rounding."""
    return distance(one, other) <= TOLERANCE


def _leaves(value: Any) -> Iterator[Any]:
    """The numbers of a value, and whatever else it holds, in order; how they are nested is left open."""
    if isinstance(value, np.ndarray):
        yield from value.reshape(-1).tolist()
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _apart(one: list[Any], other: list[Any]) -> float:
    if len(one) != len(other):
        return math.inf
    scale = max((abs(item) for item in other if _number(item) and math.isfinite(item)), default=0.0)
    most = 0.0
    for a, b in zip(one, other, strict=True):
        if a == b or (_number(a) and _number(b) and math.isnan(a) and math.isnan(b)):
            continue
        if not (_number(a) and _number(b) and scale):
            return math.inf
        difference = abs(a - b) / scale
        most = max(most, difference if math.isfinite(difference) else math.inf)
    return most


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
