"""One call of a student's loop that fits a line: what it was given, what it gave, and which rules explain that."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from grader.examiner.answers import TOLERANCE, Answer, numbers_of
from grader.examiner.linreg.courses import LONGEST, Candidate, Setting, candidates, resized
from grader.examiner.linreg.descent import RIGHT, Floats, Line, Problem, Replay, Rule

SINGLE = 2e-6
"""Relative: what a right loop in single precision may be off.  Slips are told with this tolerance too."""
_APART = 1e-5
"""Relative: a slip that changes less than this cannot be told from rounding."""
NEAR = 1e-4
"""Relative: nearer than this to the right line, but not equal to it, nobody is accused."""
_MOST = 6
"""Readings of the order on which slips are tried."""
_ROUNDED = range(3, 13)
_FURTHEST_START = 100.0
"""A start further off than this has too many digits to be anybody's choice."""
_ORDERS = 60
"""Random orders that tell how much the order matters."""


class Case:
    """One call.  `line` is what it returned, None where that is no pair of numbers."""

    def __init__(self, answer: Answer, x: Floats, y: Floats, batch_size: int, epochs: int, lr: float) -> None:
        self.answer = answer
        self.problem = Problem(x, y, batch_size, lr)
        self.setting = Setting(len(x), batch_size, epochs)
        self.line = line_of(answer.value)

    @property
    def notes(self) -> Mapping[str, Sequence[int]]:
        """What the data noted."""
        return self.answer.notes

    @cached_property
    def replays(self) -> list[tuple[Candidate, Replay]]:
        """Every reading of the order with its replay."""
        found = candidates(self.notes, self.setting)
        return [(candidate, Replay(self.problem, candidate.batches)) for candidate in found]

    @cached_property
    def long(self) -> bool:
        """Whether so much was noted that only the simplest explanations are tried."""
        most = LONGEST * self.setting.epochs * self.setting.points
        return max((sum(map(len, item.epochs)) for item, _ in self.replays), default=0) > most

    @property
    def followed(self) -> Candidate | None:
        """What entered the gradients, if the points told."""
        return next((item for item, _ in self.replays if item.source == "products"), None)

    @cached_property
    def right(self) -> Candidate | None:
        """The reading on which the right rule comes to the returned line (or to its rounded numbers)."""
        assert self.line is not None
        for candidate, replay in self.replays:
            expected = replay.line(RIGHT)
            told = candidate.source != "file"
            if same(self.line, expected, TOLERANCE) or (told and _rounded(self.line, expected)):
                return candidate
        return None

    def explained(self, rule: Rule) -> Candidate | None:
        """The reading on which a rule with a slip comes to the returned line."""
        assert self.line is not None
        for candidate, replay in self.replays[:_MOST] + self._in_file_order:
            line = replay.line(rule)
            if same(self.line, line, SINGLE) and (self.right or not same(line, replay.line(RIGHT), _APART)):
                return candidate
        return None

    @property
    def _in_file_order(self) -> list[tuple[Candidate, Replay]]:
        return [item for item in self.replays[_MOST:] if item[0].source == "file"][:2]

    def batch_sizes(self) -> dict[int, Candidate]:
        """Other batch sizes with which the right rule comes to the returned line."""
        assert self.line is not None
        found: dict[int, Candidate] = {}
        if self.long:
            return found
        for candidate, _ in self.replays[:2] + self._in_file_order:
            for size in range(1, self.setting.points + 1):
                if size == self.setting.batch_size:
                    continue
                line = Replay(self.problem, resized(candidate, size)).line(RIGHT)
                if same(self.line, line, SINGLE):
                    found.setdefault(size, candidate)
        return found

    def rates(self, rules: Sequence[Rule]) -> tuple[float, Rule, Candidate] | None:
        """Another constant learning rate with which one of the rules comes to the returned line."""
        for candidate, replay in [] if self.long else self.replays[:2] + self._in_file_order:
            for rule in rules:
                rate = self._rate(replay, rule)
                if rate is not None:
                    return rate, rule, candidate
        return None

    def _rate(self, replay: Replay, rule: Rule) -> float | None:
        """A rate between 1/300 and 30 of the one asked for: the nearest of a grid, then ever finer grids."""
        assert self.line is not None

        def distance(exponent: float) -> float:
            w, b = replay.line(_at_rate(rule, exponent))
            assert self.line is not None
            far = abs(w - self.line[0]) + abs(b - self.line[1])
            return far if math.isfinite(far) else math.inf

        grid = [float(number) for number in np.linspace(math.log(1 / 300), math.log(30), 90)]
        values = [distance(point) for point in grid]
        lows = [
            k for k in range(1, len(grid) - 1) if values[k] <= values[k - 1] and values[k] <= values[k + 1]
        ]
        for k in sorted(lows, key=lambda k: values[k])[:3]:
            exponent = _lowest(distance, grid[k - 1], grid[k + 1])
            if abs(exponent) > _APART and same(self.line, replay.line(_at_rate(rule, exponent)), SINGLE):
                return self.problem.lr * math.exp(exponent)
        return None

    def start(self) -> tuple[Line, Candidate] | None:
        """A start other than (0, 0) from which the right rule comes to the returned line.

        Some start always does; it counts when it has few digits, or its w is the first number that x met.
        """
        assert self.line is not None
        for candidate, replay in self.replays[:2] + self._in_file_order:
            zero = np.array(replay.line(RIGHT))
            columns = [np.array(replay.line(Rule(start=unit))) - zero for unit in ((1.0, 0.0), (0.0, 1.0))]
            try:
                solved = np.linalg.solve(np.array(columns).T, np.array(self.line) - zero)
            except np.linalg.LinAlgError:
                continue
            start = (float(solved[0]), float(solved[1]))
            first = _float(self.notes.get("first", ()))
            if first and math.isfinite(first) and abs(start[0] - first) <= _APART * abs(first):
                return (round(start[0], 6), round(start[1], 6)), candidate
            if max(map(abs, start)) > _FURTHEST_START:
                continue
            start = (round(start[0], 2), round(start[1], 2))
            if start != (0.0, 0.0) and same(self.line, replay.line(Rule(start=start)), TOLERANCE):
                return start, candidate
        return None

    def expected(self) -> Line:
        """The right line on the best reading of the order."""
        return self.replays[0][1].line(RIGHT)

    def near(self, tolerance: float = NEAR) -> Candidate | None:
        """The reading, if any, on which the returned line is all but equal to the right one."""
        assert self.line is not None
        for candidate, replay in self.replays:
            if candidate.source != "file" and same(self.line, replay.line(RIGHT), tolerance):
                return candidate
        return None

    @cached_property
    def _at_random(self) -> list[Replay]:
        """Replays over random orders of the points."""
        random = np.random.default_rng(0)
        size, epochs = self.setting.batch_size, range(self.setting.epochs)
        replays = []
        for _ in range(_ORDERS):
            drawn = [random.permutation(self.setting.points).tolist() for _ in epochs]
            course = [[order[at : at + size] for at in range(0, len(order), size)] for order in drawn]
            replays.append(Replay(self.problem, course))
        return replays

    def spread(self, rule: Rule = RIGHT) -> tuple[Line, Line, float]:
        """What a rule comes to over random orders, mean and standard deviation, and how many of the latter the
        returned line is away."""
        assert self.line is not None
        lines = np.array([replay.line(rule) for replay in self._at_random])
        mean, deviation = lines.mean(axis=0), lines.std(axis=0)
        with np.errstate(all="ignore"):
            off = np.abs(np.array(self.line) - mean) / np.maximum(deviation, 1e-9)
        away = float(off.max()) if np.isfinite(off).all() else math.inf
        return (float(mean[0]), float(mean[1])), (float(deviation[0]), float(deviation[1])), away

    def least_squares(self) -> Line:
        """The line that has the least squared error on the points."""
        slope, intercept = np.polyfit(self.problem.x, self.problem.y, 1)
        return float(slope), float(intercept)


def _float(bits: Sequence[int]) -> float | None:
    """The float behind its 64 bits."""
    if len(bits) != 1 or not -(2**63) <= bits[0] < 2**63:
        return None
    return float(struct.unpack("d", struct.pack("q", bits[0]))[0])


def _at_rate(rule: Rule, exponent: float) -> Rule:
    return Rule(**{**vars(rule), "rate": rule.rate * math.exp(exponent)})


def _lowest(distance: Any, low: float, high: float) -> float:
    """Where a function with one minimum has it, by golden sections."""
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(90):
        one, two = high - ratio * (high - low), low + ratio * (high - low)
        if distance(one) < distance(two):
            high = two
        else:
            low = one
    return (low + high) / 2


def same(line: Line, expected: Line, tolerance: float) -> bool:
    """Whether two lines are equal, relative to the larger of slope and intercept."""
    scale = max(abs(expected[0]), abs(expected[1]))
    if not math.isfinite(scale):
        return False
    return all(abs(one - two) <= tolerance * scale for one, two in zip(line, expected, strict=True))


def _rounded(line: Line, expected: Line) -> bool:
    """Whether a line is the expected one with its numbers rounded."""
    return any(line == (round(expected[0], digits), round(expected[1], digits)) for digits in _ROUNDED)


def line_of(value: Any) -> Line | None:
    """(w, b) from a returned value: two numbers, each also as a list or array of one; None for anything else.

    Of more than two things the first two count, of a dict with the keys "w" and "b" these.
    """
    if isinstance(value, dict):
        value = [value.get("w"), value.get("b")]
    if isinstance(value, np.ndarray):
        value = list(value) if value.ndim else None
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        return None
    numbers = [numbers_of(item, ()) for item in value[:2]]
    if numbers[0] is None or numbers[1] is None or any(isinstance(item, dict) for item in value[:2]):
        return None
    return float(numbers[0]), float(numbers[1])
