"""Checks of the learning rate over the run: whether a schedule reaches the steps, and at the right cadence."""

from __future__ import annotations

import numpy as np

from grader.checks.beats import steps_of
from grader.checks.feeding import training_passes
from grader.checks.rates import (
    BY_HAND_CLOSE,
    CLOSE,
    Trace,
    calls_before_steps,
    group_rates,
    main_schedule,
    rates_by_hand,
    same,
    used_rates,
    wanted_rates,
)
from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check
from sandbox import trace

ENDS = (
    "CosineAnnealingLR",
    "PolynomialLR",
)  # whose rate is at its end after as many calls as they were made for
OVERRUN = 1.25  # times as many calls
NOTHING, SLOWLY, HALF = 0.02, 0.3, 0.5  # of the highest rate
FEW = 3  # steps: fewer cannot show a schedule


@check("scheduler-never-stepped")
def scheduler_never_stepped(facts: Facts) -> Verdict:
    """One and the same rate in all steps, though a schedule was there to change it."""
    wanted = wanted_rates(facts)
    if wanted is None:
        return _idle_scheduler(facts)
    used, _ = _used(facts)
    if used is None:
        return _no_rates(facts)
    due = wanted[: len(used)]
    if len(due) < FEW or _constant(due):
        return Clear()
    if _constant(used):
        schedule = main_schedule(facts)
        calls = schedule.calls if schedule is not None else 0
        text = f"All {len(used)} steps were taken with the rate {used[0]:.4g}, from the first to the last; "
        text += f"the schedule goes from {due.max():.4g} to {due.min():.4g}."
        if schedule is not None and calls:
            text += f" `scheduler.step()` was called {'once' if calls == 1 else f'{calls} times'}, "
            before = calls_before_steps(schedule, len(used))
            idle = before[0] == before[-1]
            text += "but never between two steps." if idle else "but it belongs to another optimizer."
        elif schedule is not None:
            text += " `scheduler.step()` was never called."
        lines = (facts.line_of("H"), facts.line_of("S"))
        return Found(text, lines, {"steps": len(used), "scheduler_calls": calls, "rate": float(used[0])})
    return _stuck_group(facts)


def _stuck_group(facts: Facts) -> Verdict:
    """A parameter group whose rate stays where it was while the others' move."""
    groups = group_rates([step for step in steps_of(facts) if step.rates])
    moving = [place for place, rates in groups.items() if not _constant(np.array(rates))]
    stuck = [place for place in groups if place not in moving]
    if not moving or not stuck or len(groups[stuck[0]]) < FEW:
        return Clear()
    place, rate = stuck[0], groups[stuck[0]][0]
    text = (
        f"The optimizer has {len(groups)} parameter groups.  The rate of group {place + 1} was {rate:.4g} in all "
        f"{len(groups[place])} steps that were watched: the schedule reached the others only."
    )
    return Found(text, (facts.line_of("S"),), {"groups": len(groups), "stuck_group": place + 1, "rate": rate})


def _idle_scheduler(facts: Facts) -> Verdict:
    """Without a stated trace: schedulers of which none was ever called, over more than one epoch."""
    schedules = facts.of(trace.Schedule)
    used = used_rates(facts)
    if facts.evidence.parameters.get("schedule") == "own":
        return _no_schedule(facts, used)
    if not schedules or any(item.calls for item in schedules) or used is None or len(used) < FEW:
        return Clear()
    if not _constant(used) or len(training_passes(facts)) == 1:
        return Clear()
    text = (
        f"A {schedules[0].cls} was there, but `scheduler.step()` was never called: all {len(used)} steps were "
        f"taken with the rate {used[0]:.4g}."
    )
    numbers: dict[str, float | int | str] = {"steps": len(used), "scheduler_calls": 0, "rate": float(used[0])}
    return Found(text, (schedules[0].line, facts.line_of("S")), numbers)


def _no_schedule(facts: Facts, used: Trace | None) -> Verdict:
    """One rate from the first step to the last where the exercise asks for a schedule of the student's own."""
    if used is None or len(used) < FEW or not _constant(used):
        return Clear()
    schedule = main_schedule(facts)
    calls = schedule.calls if schedule is not None else 0
    what = "There is no schedule" if schedule is None else f"`scheduler.step()` was called {calls} times"
    text = f"{what}: all {len(used)} steps were taken with the rate {used[0]:.4g}."
    numbers: dict[str, float | int | str] = {
        "steps": len(used),
        "scheduler_calls": calls,
        "rate": float(used[0]),
    }
    return Found(text, (facts.line_of("H"), facts.line_of("S")), numbers)


@check("scheduler-wrong-cadence")
def scheduler_wrong_cadence(facts: Facts) -> Verdict:
    """Rates that differ from those that the right cadence gives, step by step."""
    if isinstance(scheduler_never_stepped(facts), Found):
        return Clear()  # a schedule that reaches no step has no cadence
    wanted = wanted_rates(facts)
    if wanted is None:
        return _against_horizon(facts)
    used, tolerance = _used(facts)
    if used is None:
        return _no_rates(facts)
    agree = same(used, wanted, tolerance)
    if agree.all() or _only_too_early(facts, len(agree)):
        return Clear()
    first = int(np.argmin(agree))
    wrong = int((~agree).sum())
    text = (
        f"In {wrong} of {len(agree)} steps the learning rate was not the one that the schedule gives then.  "
        f"Step {first + 1} was the first: it used {used[first]:.4g}, and {wanted[first]:.4g} was due."
    )
    text += _how(facts, used, wanted, tolerance)
    numbers: dict[str, float | int | str] = {
        "steps": len(agree),
        "steps_at_another_rate": wrong,
        "first_wrong_step": first + 1,
        "rate": float(used[first]),
        "rate_due": float(wanted[first]),
    }
    schedule = main_schedule(facts)
    if schedule is not None:
        numbers["scheduler_calls"] = schedule.calls
    return Found(text, (facts.line_of("H") or facts.line_of("S"),), numbers)


def _how(facts: Facts, used: Trace, wanted: Trace, tolerance: float) -> str:
    """What happened, in a sentence, where the numbers tell."""
    length = min(len(used), len(wanted))
    schedule = main_schedule(facts)
    if schedule is not None and schedule.calls:
        epochs = len(training_passes(facts))
        return (
            f"  Your loop made {len(used)} steps in {epochs} epochs and called `scheduler.step()` "
            f"{schedule.calls} times{_per(schedule, len(used), epochs)}."
        )
    for shift, words in ((1, "next"), (-1, "last")):
        one = used[:-1] if shift == 1 else used[1:]
        two = wanted[1:] if shift == 1 else wanted[:-1]
        if length > FEW and same(one, two, tolerance)[: length - 1].all():
            return f"  Every step used the rate of the {words} step: step numbers count from 0."
    return ""


def _per(schedule: trace.Schedule, steps: int, epochs: int) -> str:
    if epochs > 1 and abs(schedule.calls - steps - epochs) <= 1:
        return ", after every batch and every epoch"
    if abs(schedule.calls - steps) <= 1:
        return ", once for every batch"
    return ", once for every epoch" if abs(schedule.calls - epochs) <= 1 else ""


def _only_too_early(facts: Facts, steps: int) -> bool:
    """Whether the scheduler was called as often as it should, only each time before the steps it follows."""
    schedule = main_schedule(facts)
    if schedule is None or schedule.first_at != 0:
        return False
    due = _due(facts, steps)
    return due is not None and bool((calls_before_steps(schedule, steps) == due + 1).all())


def _due(facts: Facts, steps: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None:
    """How many calls should have come before each step, by the exercise's "schedule_per"."""
    per = facts.evidence.parameters.get("schedule_per")
    if per == "batch":
        return np.arange(steps)
    starts = [item.at_step for item in training_passes(facts)]
    if per != "epoch" or not starts:
        return None
    return np.searchsorted(np.array(starts), np.arange(steps), side="right") - 1


def _against_horizon(facts: Facts) -> Verdict:
    """Without a stated trace: a horizon counted in epochs but used up in batches, or the other way round."""
    used, epochs = used_rates(facts), len(training_passes(facts))
    if used is None or epochs < 2 or len(used) < 2 * epochs:
        return Clear()
    steps = len(used)
    asked = facts.evidence.parameters.get("schedule") == "own"  # one that comes to its end with the run
    for schedule in facts.of(trace.Schedule):
        per_batch = abs(schedule.calls - steps) <= max(2, epochs)
        per_epoch = abs(schedule.calls - epochs) <= 1
        horizon = schedule.horizon
        if per_batch and abs(horizon - epochs) <= 1 and not _cycles(schedule):
            unit, used_up = "epochs", "batches"
        elif per_epoch and abs(horizon - steps) <= max(2, epochs):
            unit, used_up = "batches", "epochs"
        elif asked and schedule.cls in ENDS and schedule.calls > OVERRUN * horizon > 0:
            return _overrun(facts, schedule, steps)
        else:
            continue
        text = (
            f"{schedule.cls} was made for {horizon} calls, which is the number of {unit}; it was called "
            f"{schedule.calls} times, which is the number of {used_up}."
        )
        numbers: dict[str, float | int | str] = {
            "steps": steps,
            "epochs": epochs,
            "scheduler_calls": schedule.calls,
            "horizon": horizon,
        }
        return Found(text, (schedule.line, facts.line_of("H")), numbers)
    return _past_its_end(facts, used) if asked else Clear()


def _past_its_end(facts: Facts, used: Trace) -> Verdict:
    """A rate that schedulers took below zero, or down to nothing and slowly up again: they were called too often.

    One that starts again does so at once, and cycles are asked for by name; who sets rates himself may do as he likes.
    """
    schedules = facts.of(trace.Schedule)
    if not any(item.calls for item in schedules) or any(map(_cycles, schedules)):
        return Clear()
    highest = float(used.max())
    peak = int(np.argmax(used >= (1 - BY_HAND_CLOSE) * highest))  # the first of several
    numbers: dict[str, float | int | str] = {"steps": len(used)}
    lines = (facts.line_of("H"),)
    if used.min() < 0:
        first = int(np.argmax(used < 0))
        text = (
            f"From step {first + 1} of {len(used)} on, the learning rate was below zero: {used[first]:.4g}."
        )
        return Found(text, lines, {**numbers, "first_wrong_step": first + 1, "rate": float(used[first])})
    low = peak + int(np.argmin(used[peak:]))
    after = used[low:]
    rising = after[after > after[0]]
    if used[low] > NOTHING * highest or not len(rising) or rising[0] > SLOWLY * highest:
        return Clear()
    top = float(after.max())
    if top < HALF * highest:
        return Clear()
    text = (
        f"The learning rate had fallen to {used[low]:.4g} at step {low + 1} of {len(used)}, and then rose to "
        f"{top:.4g} again: the schedule was at its end, and went on."
    )
    return Found(text, lines, {**numbers, "lowest_at_step": low + 1, "rate_after": top})


def _overrun(facts: Facts, schedule: trace.Schedule, steps: int) -> Found:
    """A scheduler that was called on and on after its end."""
    text = (
        f"{schedule.cls} was made for {schedule.horizon} calls, in which the rate falls to its end; it was called "
        f"{schedule.calls} times in {steps} steps."
    )
    numbers: dict[str, float | int | str] = {
        "steps": steps,
        "scheduler_calls": schedule.calls,
        "horizon": schedule.horizon,
    }
    return Found(text, (schedule.line, facts.line_of("H")), numbers)


def _cycles(schedule: trace.Schedule) -> bool:
    """Whether a scheduler starts again by itself: more calls than its horizon are meant then."""
    return schedule.cls in ("CosineAnnealingWarmRestarts", "CyclicLR")


@check("scheduler-before-optimizer")
def scheduler_before_optimizer(facts: Facts) -> Verdict:
    """A scheduler's call before the first step, so that its first rate is never used."""
    if not facts.count("S") or _skipped_first(facts):
        return Clear()
    wanted, used = wanted_rates(facts), used_rates(facts)
    if wanted is not None and used is not None and same(used, wanted).all():
        return Clear()
    for schedule in facts.of(trace.Schedule):
        if schedule.first_at == 0 and schedule.gaps and schedule.gaps[0] == [0, 1] and schedule.calls > 1:
            text = (
                "`scheduler.step()` came before the first `optimizer.step()`, so the first rate was skipped."
            )
            if wanted is not None and used is not None:
                place = int(np.argmin(same(used, wanted)))
                text += f"  Step {place + 1} used {used[place]:.4g}, and {wanted[place]:.4g} was due."
            lines = (facts.line_of("H"), facts.line_of("S"))
            return Found(text, lines, {"scheduler_calls": schedule.calls})
    return Clear()


def _skipped_first(facts: Facts) -> bool:
    """Whether a gradient scaler skipped a step before the first one that was taken."""
    first = next((item.beats for item in facts.of(trace.Pattern) if "S" in item.beats), "")
    before = [item.beats for item in facts.of(trace.Pattern)]
    cut = before.index(first) if first in before else 0
    return "K" in first.partition("S")[0] or any("K" in beats for beats in before[:cut])


def _used(facts: Facts) -> tuple[Trace | None, float]:
    """The rates that the steps used, and how closely they are known."""
    used = used_rates(facts)
    return (used, CLOSE) if used is not None else (rates_by_hand(facts), BY_HAND_CLOSE)


def _no_rates(facts: Facts) -> Verdict:
    if facts.moved and facts.count("BA"):
        return Unknown("the parameters were moved by hand, and the rate could not be read off")
    return Clear()  # nothing was trained, which is another finding's business


def _constant(rates: Trace) -> bool:
    return bool(len(rates)) and float(rates.max() - rates.min()) <= CLOSE * float(np.abs(rates).max())
