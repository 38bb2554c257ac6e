"""How much of its loss a step used: the weight of the loss function's means in the gradient, all in all.

A step on one batch's mean loss has the weight 1, and so has one on K batches whose losses were divided by K.
Half of it is half the learning rate, as far as plain SGD goes.
"""

from __future__ import annotations

from statistics import median

from grader.checks.beats import steps_of
from grader.checks.registry import Facts, Found
from grader.checks.steps import BY_HAND, Back, Step, Touch
from sandbox import trace

ENOUGH = 3  # steps
MOST = 0.8  # of the watched steps
ALIKE = 1e-3  # relative, between the weights of two steps; other terms of a loss make them differ by more
SAME = 1e-6  # relative, between two values of one loss
NOISE = 0.25  # relative, of a loss behind dropout
OFF = 0.01  # relative, from what is wanted


def weight_of(step: Step) -> float | None:
    """The weights of a step's mean losses, added up; None where it used anything else, or it cannot be told.

    Of the parameter whose gradient is farthest from weight 1.  Different losses on one batch may have any weights,
    so a batch counts only with one value of the loss, or with one for each place the parameters were at.
    """
    if not step.known or step.again or step.zero or step.late or not step.fresh:
        return None
    ratios: dict[int, float] = {}
    losses: dict[tuple[str, str | None], Back] = {}
    for back in step.fresh:
        if not (back.mean and back.batch and back.loss and back.row.value is not None):
            return None
        if not _same_loss(losses.setdefault((back.batch, back.row.params), back), back):
            return None
        ratios[back.number] = back.row.value / back.loss
    if any(back.again for back in step.fresh) and sum(ratios.values()) > 2 - ALIKE:
        return None  # differentiated twice: that is double-backward
    divisor = step.row.extra or 1.0  # a fused optimizer under a scaler divides inside its step
    totals = [
        sum(ratios[number] * weight for number, weight in mix.items()) / divisor
        for mix in step.mixes.values()
        if mix and mix.keys() <= ratios.keys()
    ]
    return max(totals, key=lambda total: abs(total - 1), default=None)


def _whole(steps: list[Step]) -> list[Step]:
    """Those whose window did not open between their batches: all but the first of each later window."""
    return [
        step
        for before, step in zip([None, *steps], steps, strict=False)
        if not step.row.window or (before is not None and before.row.window == step.row.window)
    ]


def _same_loss(one: Back, two: Back) -> bool:
    """Whether two backwards are of the same loss of one batch; with dropout, its value differs from call to call."""
    apart = abs((one.loss or 0.0) / (two.loss or 1.0) - 1)
    called = one.forward and two.forward and (one.module, one.function) == (two.module, two.function)
    return apart <= SAME or (called and apart <= NOISE)


def _batches(step: Step) -> int:
    return len({back.batch for back in step.fresh})


def odd_weight(facts: Facts, *, several: bool) -> tuple[float, int, Step] | None:
    """The weight that nearly all steps have alike, where plain SGD at the stated rate wants another one.

    With it, how many batches a step gathered, and the first such step.  `several`: of steps that gathered more than
    one batch, else of those on a single one.  None where weights differ, are right, or the rate makes up for them.
    """
    wanted = _stated_rate(facts)
    steps = _whole(steps_of(facts))
    if wanted is None or not steps or not _plain(facts):
        return None
    weighed = [(weight, step) for step in steps if (weight := weight_of(step)) is not None]
    chosen = [(weight, step) for weight, step in weighed if (_batches(step) > 1) is several]
    if len(chosen) < ENOUGH or len(chosen) < MOST * len(steps):
        return None
    usual = median(weight for weight, _ in chosen)
    alike = [step for weight, step in chosen if abs(weight - usual) <= ALIKE * abs(usual)]
    if len(alike) < MOST * len(chosen) or (usual < 1 and facts.count("C")):
        return None
    rates = [rate for step in alike for rate in _rates(step)]
    if not rates or abs(usual - 1) <= OFF or abs(median(rates) * usual / wanted - 1) <= OFF:
        return None
    return usual, int(median(_batches(step) for step in alike)), alike[0]


def _beside_a_clip(facts: Facts, *, several: bool) -> tuple[float, int, Step] | None:
    """The same where a clip shortens some steps, whatever the optimizer.

    A clip makes the length of a gradient matter also where the optimizer does not.  Where it shortens a step with
    its weight and would shorten it at weight one too, the weight makes no difference.
    """
    steps = _whole(steps_of(facts))
    clips = [(step, clip) for step in steps if (clip := _clip(step)) is not None]
    weighed = [
        (weight, step, clip)
        for step, clip in clips
        if (_batches(step) > 1) is several and (weight := _before(step, clip)) is not None
    ]
    if len(weighed) < max(ENOUGH, MOST * len(steps)):
        return None
    usual = median(weight for weight, _, _ in weighed)
    alike = [item for item in weighed if abs(item[0] - usual) <= ALIKE * abs(usual)]
    matters = [step for _, step, clip in alike if _within(clip.row, min(1.0, 1 / usual))]
    if len(alike) < MOST * len(weighed) or abs(usual - 1) <= OFF or len(matters) < ENOUGH:
        return None
    if all(_within(clip.row, max(1.0, 1 / usual)) for _, _, clip in alike):
        return None  # it never shortens anything
    return usual, int(median(_batches(step) for step in matters)), matters[0]


def _before(step: Step, clip: Touch) -> float | None:
    """The weight that a step's gradient would have without its clip; a scale may be taken out before or behind it."""
    used, norm, limit = weight_of(step), clip.row.value or 0.0, clip.row.extra or 0.0
    return None if used is None or not norm else used / min(1.0, limit / norm)


def _clip(step: Step) -> Touch | None:
    """The last clip before a step, if it measured a norm."""
    found = [touch for touch in step.touches if touch.row.beat == "C" and touch.row.value is not None]
    return found[-1] if found and found[-1].row.extra is not None else None


def _within(clip: trace.Row, factor: float) -> bool:
    """Whether a clip would leave the gradient that it saw alone, if that were longer by a factor."""
    return (clip.value or 0.0) * factor < (clip.extra or 0.0) * (1 - OFF)


def _stated_rate(facts: Facts) -> float | None:
    """The rate that the exercise states, or hands in with its optimizer."""
    if facts.exercise.expect.lr is not None:
        return facts.exercise.expect.lr
    uses = {use.id: use.steps for use in facts.of(trace.OptimizerUse)}
    used = [item for item in facts.of(trace.Optimizer) if uses.get(item.id)]
    rates = {item.hyper.get("lr") for item in used if item.given}
    return rates.pop() if len(rates) == 1 and all(item.given for item in used) else None


def _rates(step: Step) -> list[float]:
    return step.rates if step.optimizer != BY_HAND else ([] if step.rate is None else [step.rate])


def _plain(facts: Facts) -> bool:
    """Whether a step's length follows the gradient's: SGD, or updates by hand."""
    uses = {use.id: use.steps for use in facts.of(trace.OptimizerUse)}
    return all(item.cls == "SGD" for item in facts.of(trace.Optimizer) if uses.get(item.id))


def scaled_loss(facts: Facts) -> Found | None:
    """A single batch's loss that went backward multiplied by some number, which acts as another learning rate."""
    odd = odd_weight(facts, several=False)
    wanted = _stated_rate(facts)
    if odd is None or wanted is None:
        return _scaled_beside_a_clip(facts)
    weight, _, step = odd
    rate = median(_rates(step))
    text = (
        f"The gradient that your steps used was {weight:.3g} times that of the loss, so the learning rate {rate:g} "
        f"acted as {rate * weight:.3g}; the exercise asks for {wanted:g}."
    )
    lines = (facts.line_of("B") or facts.line_of("A"),)
    return Found(text, lines, {"weight": weight, "lr": rate * weight, "wanted_lr": wanted})


def _scaled_beside_a_clip(facts: Facts) -> Found | None:
    odd = _beside_a_clip(facts, several=False)
    if odd is None:
        return None
    weight, _, _ = odd
    text = (
        f"The gradient that your steps clipped was {weight:.3g} times that of the batch's mean loss, so the limit "
        "shortened other steps than it should have."
    )
    return Found(text, (facts.line_of("B") or facts.line_of("A"),), {"weight": weight})


def badly_averaged(facts: Facts) -> Found | None:
    """Several batches' losses whose weights do not add up to one."""
    odd = odd_weight(facts, several=True) or _beside_a_clip(facts, several=True)
    if odd is None:
        return None
    weight, size, step = odd
    text = (
        f"Each step gathered {size} micro-batches, and the weights of their losses add up to {weight:.3g}, where an "
        f"average has 1: the step is {weight:.3g} times as long as that of one big batch."
    )
    lines = (facts.line_of("B") or facts.line_of("A"), step.row.line)
    return Found(text, lines, {"micro_batches": size, "weight": weight / size})
