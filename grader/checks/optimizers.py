"""Checks of the optimizer: whose parameters it holds, how long it lives, and the numbers it was given."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median

from grader.checks.beats import steps_of
from grader.checks.clipping import wrong_limit
from grader.checks.feeding import epochs_trained, whole_passes
from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check
from grader.checks.stated import highest_rate, precision, validated
from grader.checks.steps import BY_HAND, Step
from grader.checks.weighing import scaled_loss
from sandbox import trace

TOLERANCE = 1e-3  # relative, for numbers a student types
MOST_STEPS = 0.7  # that use the stated rate; a warm-up of a few steps is no other experiment
ROUNDING = 0.05  # relative, of a batch size: an epoch cut into equal parts
BY_HAND_TOLERANCE = 0.02  # relative, for a rate read off float32 differences


@check("optimizer-foreign-parameters")
def optimizer_foreign_parameters(facts: Facts) -> Verdict:
    """No parameter that got a gradient is held by any optimizer that stepped."""
    uses = {use.id: use.steps for use in facts.of(trace.OptimizerUse)}
    stepping = [optimizer for optimizer in facts.of(trace.Optimizer) if uses.get(optimizer.id)]
    fed = facts.fed
    held = {number for optimizer in stepping for number in optimizer.params}
    if not stepping or not fed or held & fed:
        return Clear()
    text = (
        f"The model that gets the gradients has {len(fed)} parameter tensors; the optimizer holds {len(held)}, and "
        "all of them are others."
    )
    made = next((optimizer.line for optimizer in stepping if optimizer.line), 0)
    return Found(
        text, (made, facts.line_of("S")), {"with_gradient": len(fed), "held": len(held), "shared": 0}
    )


@check("optimizer-recreated")
def optimizer_recreated(facts: Facts) -> Verdict:
    """Many optimizers in turn over the same parameters, each thrown away with what it had learnt."""
    uses = {use.id: use for use in facts.of(trace.OptimizerUse)}
    made = [
        optimizer
        for optimizer in facts.of(trace.Optimizer)
        if not optimizer.given and optimizer.id in uses and uses[optimizer.id].steps
    ]
    kinds = Counter((optimizer.cls, tuple(optimizer.params), optimizer.line) for optimizer in made)
    if not kinds:
        return Clear()
    (cls, params, line), often = kinds.most_common(1)[0]
    same = [item for item in made if (item.cls, tuple(item.params), item.line) == (cls, params, line)]
    starts = [item.at_step for item in same]
    if often < 3 or len(set(starts)) < 3:
        return Clear()
    lived = median(uses[item.id].steps for item in same)
    stateful = any(uses[item.id].stateful for item in same)
    if not stateful and (lived > 1 or often < 8):
        return Clear()  # nothing was lost: plain SGD remembers nothing from step to step
    lost = (
        "its momentum or averages were lost each time"
        if stateful
        else "plain SGD happens to lose nothing by it"
    )
    more = "at least " if often >= 20 else ""
    text = f"{more}{often} {cls} optimizers were made over the same parameters, each for {lived:.0f} step"
    text += f"{'s' if lived != 1 else ''}; {lost}."
    return Found(text[0].upper() + text[1:], (line,), {"optimizers": often, "steps_each": lived})


@check("wrong-hyperparameter")
def wrong_hyperparameter(facts: Facts) -> Verdict:
    """The stated optimizer, rate, momentum, batch size and number of epochs, as far as they are stated."""
    looks = (
        _optimizer,
        _batch,
        _epochs,
        _steps,
        wrong_limit,
        precision,
        highest_rate,
        validated,
        scaled_loss,
    )
    problems = [found for look in looks if (found := look(facts)) is not None]
    if problems:
        lines = tuple(line for found in problems for line in found.lines)
        numbers = {name: value for found in problems for name, value in found.numbers.items()}
        return Found(" ".join(found.evidence for found in problems), lines, numbers)
    if not steps_of(facts) and not facts.count("S"):
        return Unknown("no step was seen")
    return Clear()


def _optimizer(facts: Facts) -> Found | None:
    expect = facts.exercise.expect
    uses = {use.id: use.steps for use in facts.of(trace.OptimizerUse)}
    stepping = [optimizer for optimizer in facts.of(trace.Optimizer) if uses.get(optimizer.id)]
    if not stepping:
        return _rate_by_hand(facts)
    main = max(stepping, key=lambda optimizer: uses[optimizer.id])
    wanted = expect.optimizer
    if wanted == "given":
        given = next((item for item in facts.of(trace.Optimizer) if item.given), main)
        if main.cls != given.cls:
            return None  # another kind of optimizer is the student's to choose, and has rates of its own
    elif wanted not in (None, "none") and main.cls != wanted and main.cls in KNOWN:
        text = f"The exercise asks for {wanted}; your loop steps with {main.cls}."
        return Found(text, (main.line,), {"optimizer": main.cls, "wanted_optimizer": wanted})
    momentum = main.hyper.get("momentum")
    if expect.momentum is not None and momentum is not None and abs(momentum - expect.momentum) > TOLERANCE:
        text = f"The exercise asks for momentum {expect.momentum:g}; your optimizer has {momentum:g}."
        return Found(text, (main.line,), {"momentum": momentum, "wanted_momentum": expect.momentum})
    return _rate(facts, main)


KNOWN = frozenset(
    [
        *("SGD", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "ASGD", "LBFGS", "NAdam", "RAdam"),
        *("RMSprop", "Rprop", "SparseAdam", "Adafactor", "Muon"),
    ]
)


def _rate(facts: Facts, main: trace.Optimizer) -> Found | None:
    wanted = facts.exercise.expect.lr
    if wanted is None:
        return None
    steps = [step for step in steps_of(facts) if step.optimizer == main.id and step.rates]
    spans = _spans(steps, facts.count("S")) or [(main.hyper.get("lr", wanted), 1)]
    sizes = [len(step.fresh) for step in steps if step.fresh] or [1]
    # A rate divided by the number of micro-batches does as well as divided losses.
    for factor in {1, round(median(sizes))}:
        right = sum(long for rate, long in spans if abs(rate * factor / wanted - 1) <= TOLERANCE)
        if right >= MOST_STEPS * sum(long for _, long in spans):
            return None
    used = median(rate for rate, _ in spans if abs(rate / wanted - 1) > TOLERANCE)
    text = f"The exercise asks for a learning rate of {wanted:g}; your optimizer stepped with {used:g}."
    line = main.line or facts.line_of("S")
    return Found(text, (line,), {"lr": used, "wanted_lr": wanted})


def _spans(steps: list[Step], total: int) -> list[tuple[float, int]]:
    """The typical rate of every ledger window, and how many steps of the run it stands for."""
    by_window: dict[int, list[Step]] = defaultdict(list)
    for step in steps:
        by_window[step.row.window].append(step)
    if not steps:
        return []
    windows = sorted(by_window.values(), key=lambda window: window[0].row.step)
    starts = [window[0].row.step for window in windows]
    ends = [*starts[1:], max(total, steps[-1].row.step + 1)]
    return [
        (median(rate for step in window for rate in step.rates), max(1, end - start))
        for window, start, end in zip(windows, starts, ends, strict=True)
    ]


def _rate_by_hand(facts: Facts) -> Found | None:
    wanted = facts.exercise.expect.lr
    steps = [step for step in facts.ledger.steps if step.optimizer == BY_HAND and step.rate is not None]
    rates = [step.rate for step in steps if step.rate is not None]
    if wanted is None or len(rates) < 3:
        return None
    used = median(rates)
    if abs(used / wanted - 1) <= BY_HAND_TOLERANCE:
        return None
    text = (
        f"The exercise asks for a learning rate of {wanted:g}; your updates moved the parameters by "
        f"{used:.3g} times the gradient."
    )
    return Found(text, (facts.line_of("B") or facts.line_of("A"),), {"lr": used, "wanted_lr": wanted})


def _batch(facts: Facts) -> Found | None:
    wanted = facts.exercise.expect.batch_size
    if wanted is None:
        return None
    sizes = [_rows(step) for step in steps_of(facts) if step.fresh]
    known = [size for size in sizes if size > 0]
    if len(known) < 3:
        return None
    used = Counter(known).most_common(1)[0][0]
    end = facts.last(trace.End)
    mean = end.trained_rows / end.steps if end is not None and end.steps else 0.0
    if min(abs(used - wanted), abs(mean - wanted)) <= ROUNDING * wanted:
        return None
    text = f"The exercise asks for batches of {wanted}; your steps used {used} samples each."
    loaders = [loader.line for loader in facts.of(trace.Loader) if not loader.given]
    return Found(
        text,
        (loaders[0] if loaders else facts.line_of("F"),),
        {"batch_size": used, "wanted_batch_size": wanted},
    )


def _rows(step: Step) -> int:
    """Samples behind a step: the rows of its different batches."""
    fresh = {back.batch: back.rows for back in step.fresh if back.batch}
    return sum(rows for rows in fresh.values() if rows > 0)


def _epochs(facts: Facts) -> Found | None:
    wanted = facts.epochs
    seen = epochs_trained(facts)
    if not wanted or seen is None:
        return None
    # Rows say less than passes: a validation part may have been split off, a last batch dropped.
    counted = whole_passes(facts) is not None and facts.last(trace.Feed) is None
    if abs(seen - wanted) <= (0.5 if counted else max(0.75, 0.15 * wanted)):
        return None
    text = f"The exercise asks for {wanted:g} epochs; your loop trained for {seen:.3g}."
    passes = [item.line for item in facts.of(trace.Pass) if item.trained and item.line]
    return Found(
        text,
        (passes[0] if passes else facts.line_of("F"),),
        {"epochs": round(seen, 3), "wanted_epochs": wanted},
    )


def _steps(facts: Facts) -> Found | None:
    """The number of steps, where the exercise counts steps instead of epochs."""
    wanted = facts.evidence.parameters.get("max_steps")
    taken = max((use.steps for use in facts.of(trace.OptimizerUse)), default=0)
    if not isinstance(wanted, (int, float)) or not taken or taken == wanted:
        return None
    text = f"The exercise asks for {wanted:g} steps; your loop took {taken}."
    return Found(text, (facts.line_of("S"),), {"steps": taken, "wanted_steps": wanted})
