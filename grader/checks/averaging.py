"""Check of averages: whether a step on several batches uses their mean gradient, or another multiple of their sum."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

from grader.checks.beats import MAJORITY, enough, lines_of, steps_of
from grader.checks.gathering import asked_weight, short_start, uneven_weights
from grader.checks.registry import Clear, Facts, Found, Verdict, check
from grader.checks.steps import CARRIED, Step
from grader.checks.weighing import badly_averaged


@check("accumulation-not-averaged")
def accumulation_not_averaged(facts: Facts) -> Verdict:
    """Steps that use several batches' mean gradients at full weight each."""
    steps = [step for step in steps_of(facts) if len(_batches(step)) > 1 or _parts(step) > 1]
    steps = [step for step in steps if not any(CARRIED in mix for mix in step.mixes.values())]
    summed = [step for step in steps if _is_sum_of_means(step)]
    if not enough(summed, steps, MAJORITY) or not summed:
        looks = (badly_averaged, asked_weight, uneven_weights, short_start)
        return next((found for look in looks if (found := look(facts)) is not None), Clear())
    size = int(median(max(len(_batches(step)), _parts(step)) for step in summed))
    if _rate_makes_up(facts, summed, size):
        return Clear()
    weights = [weight for step in summed for weight in step.weights]
    weight = median(weights)
    text = (
        f"Each step added up the gradients of {size} micro-batches, every one at weight {weight:.3g} "
        f"where an average needs {1 / size:.3g}: the step is {size * weight:.3g} times too long."
    )
    line = facts.line_of("B") or facts.line_of("A")
    return Found(text, (line, *lines_of(summed)), {"micro_batches": size, "weight": weight})


def _batches(step: Step) -> set[str]:
    """Fingerprints of the different inputs behind a step's backwards."""
    return {back.batch for back in step.fresh if back.batch}


def _parts(step: Step) -> int:
    """Batches whose losses were added up before a step's backwards; 0 when none were."""
    return sum(back.parts for back in step.fresh if back.parts > 1)


def _is_sum_of_means(step: Step) -> bool:
    """Whether every mean loss is in it undivided, in one backward or in parts, and none was scaled down afterwards."""
    if not step.known or step.again:
        return False
    parts: list[float] = []
    batches: dict[str, float] = defaultdict(float)
    for back, weight in zip(step.fresh, step.weights, strict=True):
        if not back.mean or back.loss is None or back.row.value is None or not back.loss:
            return False
        parts.append(back.row.value / back.loss * weight)
        batches[back.batch] += parts[-1]
    return any(all(abs(part - 1) <= 1e-3 for part in one) for one in (parts, batches.values()))


def _rate_makes_up(facts: Facts, steps: list[Step], size: int) -> bool:
    """Whether the learning rate was divided instead of the losses, which comes to the same under plain SGD."""
    wanted = facts.exercise.expect.lr
    rates = [rate for step in steps for rate in step.rates]
    return bool(wanted and rates and abs(median(rates) * size / wanted - 1) < 1e-3)
