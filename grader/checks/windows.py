"""How gradients are gathered: the backwards between two steps, and how many steps pass between two clearings."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median

import numpy as np

from grader.checks.feeding import training_passes
from grader.checks.registry import Facts
from grader.checks.steps import BY_HAND, Back, Step
from sandbox import trace

VISIBLE = 1e-6  # relative, a change of a float32 value


def micro_batches(facts: Facts) -> int:
    """How many micro-batches the exercise asks for in each step; 0 where it asks for none."""
    value = facts.evidence.parameters.get("grad_accum", 0)
    return int(value) if isinstance(value, (int, float)) else 0


def gathered(facts: Facts, steps: list[Step]) -> list[tuple[Step, list[Back]]]:
    """Every step or update by hand with all backwards since the one before it, used or not, in its window."""
    backs: dict[tuple[int, int], list[Back]] = defaultdict(list)
    for back in facts.ledger.backs:
        backs[back.row.window, back.row.step].append(back)
    return [
        (step, backs[step.row.window, step.row.step])
        for step in steps
        if step.optimizer != BY_HAND and not step.closure
    ] + _gathered_by_hand(facts, [step for step in steps if step.optimizer == BY_HAND])


def _gathered_by_hand(facts: Facts, steps: list[Step]) -> list[tuple[Step, list[Back]]]:
    """The same of updates by hand, whose row is that of the last backward before them."""
    of = {id(step.row): step for step in steps}
    found: list[tuple[Step, list[Back]]] = []
    backs: list[Back] = []
    for back in facts.ledger.backs:
        if backs and backs[-1].row.window != back.row.window:
            backs = []
        backs.append(back)
        if id(back.row) in of:
            found.append((of[id(back.row)], backs))
            backs = []
    return found


def rows_at(facts: Facts) -> Counter[tuple[int, int, str]]:
    """How many rows of each beat there are before each watched step, by window, step and beat."""
    return Counter((row.window, row.step, row.beat) for row in facts.of(trace.Row))


def drawn_anew(rows: Counter[tuple[int, int, str]], step: Step) -> bool:
    """Whether loaders gave as many batches as went backward before a step; around an update by hand, in its window."""
    drawn, backward, grad = (rows[step.row.window, step.row.step, beat] for beat in "DBA")
    opened = step.optimizer == BY_HAND  # the window may have opened behind the first batch
    return drawn + opened >= backward + grad


def of_one_loader(facts: Facts, backs: list[Back]) -> bool:
    """Whether all batches that went backward came from one loader: a held-out batch may be looked at on purpose."""
    loaders = {item.id: item.loader for item in facts.of(trace.Pass)}
    return len({loaders.get(back.passed, -1) for back in backs if back.passed >= 0}) < 2


def would_move(step: Step, back: Back) -> bool:
    """Whether a gradient, at the rate of an update by hand, moves values by more than rounding: it would be seen."""
    if step.optimizer != BY_HAND:
        return True
    if back.gain is None or back.row.params is None or step.rate is None:
        return False
    values = np.array(trace.unpack_vector(back.row.params), dtype=np.float64)
    return bool((np.abs(step.rate * back.gain) > VISIBLE * np.abs(values)).any())


def gathers(steps: list[Step]) -> float:
    """How many backwards a step typically uses."""
    return median([len(step.fresh) for step in steps if step.fresh] or [1])


def cleared_inside(facts: Facts, steps: list[Step]) -> int:
    """The number of steps between two clearings where a window of micro-batches has a step in each; else 0.

    Gradients that are cleared once per epoch, or never, are another mistake.
    """
    period = _period(steps)
    if period < 2:
        return 0
    if period == micro_batches(facts) or _divided_by(steps) == period:
        return period
    passes = training_passes(facts)
    per_epoch = median([item.batches for item in passes]) if passes else 0
    return period if 2 * period <= per_epoch else 0


def _period(steps: list[Step]) -> int:
    """The usual number of steps that use 0, 1, 2, … older gradients before it starts again; 0: it does not."""
    lengths: list[int] = []
    length, window, started = 0, -1, False
    for step in steps:
        if step.row.window != window:
            window, started, length = step.row.window, False, 0
        if step.again == 0:
            if started:
                lengths.append(length)
            started, length = True, 1
        elif started and step.fresh and step.again == length:
            length += 1
        else:
            started = False
    if len(lengths) < 2:
        return 0
    period, often = Counter(lengths).most_common(1)[0]
    return period if often * 2 > len(lengths) else 0


def _divided_by(steps: list[Step]) -> int:
    """What the losses were divided by before their backwards; 0 where that cannot be told."""
    ratios = [
        back.loss / back.row.value
        for step in steps
        for back in step.fresh
        if back.loss is not None and back.row.value
    ]
    factor = median(ratios) if ratios else 0.0
    return round(factor) if factor >= 1 and abs(factor - round(factor)) < 1e-3 else 0
