"""The learning rate of every step: what a run used, what its exercise wants, and when its schedulers were called."""

from __future__ import annotations

import json
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from grader.checks.registry import Facts
from grader.checks.steps import BY_HAND, Step
from sandbox import trace

Trace = NDArray[np.float64]

MOST_RATES = 100_000
CLOSE = 1e-6  # relative, between two ways to compute the same rate
BY_HAND_CLOSE = 0.02  # relative, for rates read off float32 differences


def wanted_rates(facts: Facts) -> Trace | None:
    """The rate that the exercise wants at every step; None where it states none.

    The parameter "rates" names the parameter that holds them: JSON, run-length coded, [[rate, steps], …].
    """
    name = facts.evidence.parameters.get("rates")
    text = facts.evidence.parameters.get(str(name)) if name is not None else None
    return expanded(json.loads(text)) if isinstance(text, str) else None


def expanded(runs: list[list[float]]) -> Trace:
    """Run-length coded rates, one by one."""
    rates: list[float] = []
    for rate, steps in runs:
        rates += [float(rate)] * min(int(steps), MOST_RATES - len(rates))
    return np.array(rates)


def used_rates(facts: Facts) -> Trace | None:
    """The rate of every step of the optimizer that stepped most; None where no optimizer stepped."""
    records = facts.of(trace.Rates)
    if not records:
        return None
    given = {item.id for item in facts.of(trace.Optimizer) if item.given}
    main = max(records, key=lambda item: (sum(steps for _, steps in item.runs), item.optimizer in given))
    return expanded(main.runs)


def rates_by_hand(facts: Facts) -> Trace | None:
    """The rates of the updates by hand from the start of the run; None where they cannot be told."""
    steps = [step for step in facts.ledger.steps if step.optimizer == BY_HAND and step.row.window == 0]
    rates = [step.rate for step in steps]
    found = [rate for rate in rates if rate is not None]
    return np.array(found) if len(found) == len(rates) and len(found) >= 3 else None


def same(one: Trace, two: Trace, tolerance: float = CLOSE) -> NDArray[np.bool_]:
    """Where two traces agree, as far as both go."""
    length = min(len(one), len(two))
    scale = float(np.max(np.abs(two), initial=0.0))
    agree: NDArray[np.bool_] = np.abs(one[:length] - two[:length]) <= tolerance * np.maximum(
        np.abs(two[:length]), 1e-6 * scale
    )
    return agree


def calls_before_steps(schedule: trace.Schedule, steps: int) -> NDArray[np.int64]:
    """How often a scheduler had been called before each step."""
    gaps = [gap for gap, times in schedule.gaps for _ in range(min(times, MOST_RATES))]
    at = np.array(list(accumulate(gaps)), dtype=np.int64)
    counts: NDArray[np.int64] = np.searchsorted(at, np.arange(steps), side="right").astype(np.int64)
    return counts


def main_schedule(facts: Facts) -> trace.Schedule | None:
    """The scheduler that was called most, the exercise's own where none was called."""
    schedules = facts.of(trace.Schedule)
    return max(schedules, key=lambda item: (item.calls, item.given), default=None)


def group_rates(steps: list[Step]) -> dict[int, list[float]]:
    """The rates of each parameter group at the watched steps, by the group's place."""
    most = max((len(step.rates) for step in steps), default=0)
    whole = [step for step in steps if len(step.rates) == most]
    return {group: [step.rates[group] for step in whole] for group in range(most)}
