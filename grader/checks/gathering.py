"""Checks of how a step's gradients are gathered: micro-batches lost, used too often, or differentiated twice."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

import numpy as np

from grader.checks.beats import AT_LEAST, MAJORITY, OFTEN, steps_of
from grader.checks.clipping import shortens
from grader.checks.feeding import training_passes
from grader.checks.registry import Clear, Facts, Found, Verdict, check
from grader.checks.steps import Back, Step
from grader.checks.windows import (
    cleared_inside,
    drawn_anew,
    gathered,
    gathers,
    micro_batches,
    of_one_loader,
    rows_at,
    would_move,
)
from sandbox import trace

SAME_GAIN = 1e-4  # relative, between two gradients of the same loss
ENOUGH = 5  # steps that are alike
MOST = 0.8  # of the watched steps


@check("zero-grad-in-micro-batch")
def zero_grad_in_micro_batch(facts: Facts) -> Verdict:
    """Steps with several batches' backwards behind them that use the last one's gradient only: 0, 0, 0, 1."""
    steps = gathered(facts, steps_of(facts))
    rows, asked = rows_at(facts), micro_batches(facts)
    lossy = []
    for step, backs in steps:
        batches = {back.batch for back in backs if back.batch}
        enough = asked > 1 or (drawn_anew(rows, step) and of_one_loader(facts, backs))
        lost = all(back.uses == 0 and would_move(step, back) for back in backs[:-1])
        if len(batches) > 1 and enough and lost and step.fresh == backs[-1:] and not step.again:
            lossy.append((step, backs))
    if len(lossy) < min(AT_LEAST, len(steps)) or len(lossy) < MAJORITY * len(steps) or not lossy:
        return Clear()
    size = max(len(backs) for _, backs in lossy)
    text = (
        f"In {len(lossy)} of {len(steps)} watched steps, several batches had gone backward ({size} of them), but "
        "the step used the gradient of the last one only: the others had been cleared away, or were never put to use."
    )
    numbers: dict[str, float | int | str] = {
        "steps": len(steps),
        "steps_with_lost_gradients": len(lossy),
        "micro_batches": size,
    }
    return Found(text, (facts.line_of("Z"), facts.line_of("B") or facts.line_of("A")), numbers)


@check("step-in-micro-batch")
def step_in_micro_batch(facts: Facts) -> Verdict:
    """A step after every micro-batch of a window that is cleared once: the gradients' uses are 4, 3, 2, 1."""
    steps = steps_of(facts)
    period = cleared_inside(facts, steps)
    if not period:
        return Clear()
    text = (
        f"Gradients were cleared once for every {period} batches, but there was a step after each of them: the "
        f"first gradient of every {period} was used {period} times, the last one once."
    )
    line = next((step.row.line for step in steps if step.row.line), 0)
    return Found(text, (line, facts.line_of("Z")), {"steps": len(steps), "micro_batches": period})


@check("accumulation-tail-dropped")
def accumulation_tail_dropped(facts: Facts) -> Verdict:
    """Gradients of the last batches of an epoch that no step ever used."""
    steps = steps_of(facts)
    size = gathers(steps)
    passes = training_passes(facts)
    if size < 2 or not passes:
        return Clear()
    lost = [item.batches - item.trained for item in passes if item.finished]
    ends, of = [count for count in lost if 0 < count < size], len(passes)
    if len(ends) * 2 <= of:
        ends, of = _seen_ends(facts, steps, size)
    if len(ends) * 2 <= of:
        return Clear()  # what is left at an epoch's end is carried on into the next one
    batches = max(item.batches for item in passes)
    text = (
        f"A step took the gradients of {size:.0f} batches together.  At {len(ends)} of {of} ends of epochs that were "
        f"looked at, the last {'batch' if max(ends) == 1 else f'{max(ends)} batches'} of {batches} had gone backward, "
        "and no step ever used that."
    )
    numbers: dict[str, float | int | str] = {
        "epochs": len(ends),
        "dropped": max(ends),
        "micro_batches": int(size),
        "batches": batches,
    }
    return Found(text, (facts.line_of("B"), facts.line_of("S")), numbers)


def _seen_ends(facts: Facts, steps: list[Step], size: float) -> tuple[list[int], int]:
    """The batches lost at each end of a training pass that a ledger window saw, and how many ends those were."""
    known = {item.id for item in training_passes(facts)}
    ends: list[int] = []
    watched, before = 0, (-1, -1)
    for _, backs in gathered(facts, steps):
        if not backs:
            continue
        window, now = backs[-1].row.window, backs[-1].passed
        if before[0] == window and before[1] != now and {before[1], now} <= known:
            watched += 1
            unused = sum(not back.uses for back in backs if back.passed == before[1])
            ends += [unused] if 0 < unused < size else []
        before = (window, now)
    return (ends if len(ends) >= AT_LEAST else []), watched


@check("double-backward")
def double_backward(facts: Facts) -> Verdict:
    """The same loss differentiated twice for one step, so that its gradient counts double."""
    steps = gathered(facts, steps_of(facts))
    double = [step for step, backs in steps if _repeats(step, backs) or _once_more(step)]
    if len(double) < min(AT_LEAST, len(steps)) or len(double) < OFTEN * len(steps) or not double:
        return Clear()
    text = (
        f"In {len(double)} of {len(steps)} watched steps the same loss went backward twice, and the step used its "
        "gradient two times over."
    )
    return Found(
        text, (facts.line_of("B"),), {"steps": len(steps), "steps_with_double_gradient": len(double)}
    )


def _once_more(step: Step) -> bool:
    """Whether one batch went through model and loss again, and some parameter got both gradients at full weight.

    A loss that is none of torch's is the same again where its value and its gradient are.
    """
    calls: dict[tuple[str, int, str], list[Back]] = {}
    for back in step.fresh:
        whole = back.loss and back.row.value is not None and abs(back.row.value / back.loss - 1) < SAME_GAIN
        known = back.mean and whole
        own = not back.function and _repeated(back, step.fresh)
        if back.batch and back.forward and (known or own):
            calls.setdefault((back.batch, back.module, back.function), []).append(back)
    mixes = step.touches[0].mixes if step.touches else step.mixes
    return any(
        sum(abs(mix.get(back.number, 0.0) - 1) < SAME_GAIN for back in backs) > 1
        for backs in calls.values()
        if len(backs) > 1
        for mix in mixes.values()
    )


def _repeated(back: Back, backs: list[Back]) -> bool:
    """Whether another of these backwards was of the same batch, and had the same value and gradient."""
    return any(
        other is not back
        and other.batch == back.batch
        and other.row.value == back.row.value is not None
        and _same_gain(other, back)
        for other in backs
    )


def _same_gain(one: Back, two: Back) -> bool:
    """Whether two backwards added the same gradient, and not just a number or nothing."""
    if one.gain is None or two.gain is None or one.gain.size < 2 or not one.gain.any():
        return False
    return bool((np.abs(one.gain - two.gain) <= SAME_GAIN * np.abs(one.gain).max()).all())


def _repeats(step: Step, backs: list[Back]) -> bool:
    """Whether two backwards in a row added the same gradient at full weight, with no forward between them."""
    used = {id(back) for back in step.fresh}
    batches = sum(not back.again for back in backs) or 1  # each may have been divided by their number
    for one, two in pairwise(backs):
        if not two.again or id(one) not in used or id(two) not in used:
            continue
        halved = one.loss and one.row.value and 2 * one.row.value / one.loss < 1.5 / batches
        if _same_gain(one, two) and not halved:
            return True
    return False


def asked_weight(facts: Facts) -> Found | None:
    """Where the exercise asks for micro-batches: each at one and the same weight, but not at that of an average.

    Part of accumulation-not-averaged.  Steps whose gradient a clip may have shortened are left out.
    """
    asked = micro_batches(facts)
    if asked < 2:
        return None
    steps, limit = steps_of(facts), facts.evidence.parameters.get("max_norm")
    off: list[tuple[float, int]] = []
    for step in steps:
        weights, norm = _weights(step), step.row.value
        cut = norm is not None and isinstance(limit, (int, float)) and norm > 0.99 * limit
        if cut or not weights or max(weights) - min(weights) > 1e-3 * max(weights):
            continue
        if min(abs(weights[0] * count - 1) for count in (len(weights), asked)) > 1e-2:
            off.append((weights[0], len(weights)))
    if len(off) < min(AT_LEAST, len(steps)) or len(off) < MAJORITY * len(steps) or not off:
        return None
    weight, size = median(weight for weight, _ in off), int(median(size for _, size in off))
    if max(weight for weight, _ in off) > 1.05 * min(weight for weight, _ in off):
        return None  # a factor of each step's own: a clip or a normalisation, wherever it stands
    text = (
        f"Each step added up the gradients of {size} micro-batches, every one at weight {weight:.3g} where an average "
        f"needs {1 / size:.3g}."
    )
    lines = (facts.line_of("B") or facts.line_of("A"), facts.line_of("S"))
    return Found(text, lines, {"micro_batches": size, "weight": weight})


def uneven_weights(facts: Facts) -> Found | None:
    """Where the exercise asks for micro-batches: one counts more than another, in every step in the same proportion.

    Part of accumulation-not-averaged.  Batches may differ in size, and a clip may shorten what was gathered so far.
    """
    steps = steps_of(facts)
    if micro_batches(facts) < 2 or any(map(shortens, facts.of(trace.Row))):
        return None
    of_one_size = [step for step in steps if len({back.rows for back in step.fresh}) == 1]
    weighed = [weights for step in of_one_size if (weights := _weights(step))]
    usual = median(weights[0] / weights[-1] for weights in weighed) if len(weighed) >= ENOUGH else 1.0
    alike = [weights for weights in weighed if abs(weights[0] / weights[-1] / usual - 1) < 1e-2]
    if abs(usual - 1) < 0.1 or len(alike) < MOST * len(steps):
        return None
    first, last = (median(weights[place] for weights in alike) for place in (0, -1))
    size = median(len(weights) for weights in alike)
    text = (
        f"Each step gathered {size:.0f} micro-batches of one size, and they do not count alike: the first at weight "
        f"{first:.3g}, the last at {last:.3g}, where an average gives {1 / size:.3g} to each."
    )
    lines = (facts.line_of("B") or facts.line_of("A"), facts.line_of("S"))
    return Found(text, lines, {"micro_batches": int(size), "weight": first})


def short_start(facts: Facts) -> Found | None:
    """A first step that comes too early: it has fewer batches than all others, divided as if there were as many.

    Part of accumulation-not-averaged.
    """
    steps = [step for step in steps_of(facts) if step.row.window == 0]
    first, *others = [_weights(step, least=1) for step in steps] or [[]]
    if not first or len(others) < ENOUGH or len(first) >= (size := len(others[0])):
        return None
    averaged = all(len(weights) == size and _all_near(weights, 1 / size) for weights in others)
    if not averaged or not _all_near(first, 1 / size):
        return None
    text = (
        f"The first step came too early: it gathered {_batches(len(first))} and all others {size}, but each batch "
        f"counted {1 / size:.3g} in it as well."
    )
    lines = (facts.line_of("B") or facts.line_of("A"), steps[0].row.line)
    return Found(text, lines, {"micro_batches": len(first), "weight": 1 / size})


def _all_near(weights: list[float], wanted: float) -> bool:
    return all(abs(weight / wanted - 1) < 1e-2 for weight in weights)


def _batches(count: int) -> str:
    return "1 batch" if count == 1 else f"{count} batches"


def _weights(step: Step, least: int = 2) -> list[float]:
    """The weight of each different batch's mean loss in a step's gradient; none where one cannot be told.

    None either where there are fewer than `least` of them.
    """
    pairs = list(zip(step.fresh, step.weights, strict=True))
    told = all(back.mean and back.loss and back.row.value is not None for back, _ in pairs)
    different = len({back.batch for back, _ in pairs}) == len(pairs) >= least
    if not step.known or step.again or not told or not different:
        return []
    return [(back.row.value or 0.0) / (back.loss or 1.0) * weight for back, weight in pairs]
