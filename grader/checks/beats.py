"""Checks of the beat itself: zero_grad, backward, step, and what each step used."""

from __future__ import annotations

from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check
from grader.checks.scaling import infinity_kept
from grader.checks.steps import BY_HAND, Step
from grader.checks.windows import cleared_inside
from sandbox import trace

MAJORITY = 0.5  # of the watched steps
OFTEN = 0.1  # of them, for what a right loop never does: a bug may live in some of the epochs only
AT_LEAST = 2


def steps_of(facts: Facts) -> list[Step]:
    """The watched steps with finite numbers: the optimizers', or where none stepped the updates by hand."""
    finite = [step for step in facts.ledger.steps if step.finite]
    steps = [step for step in finite if step.optimizer != BY_HAND]
    return steps or finite


def enough(found: list[Step], steps: list[Step], share: float) -> bool:
    """Whether so many of the steps are that it is no accident."""
    return len(found) >= min(AT_LEAST, len(steps)) and len(found) >= share * len(steps) and bool(found)


def lines_of(steps: list[Step], *others: int) -> tuple[int, ...]:
    """The line of the first of some steps that has one, and other lines."""
    first = next((step.row.line for step in steps if step.row.line), 0)
    return (first, *others)


@check("missing-backward")
def missing_backward(facts: Facts) -> Verdict:
    """No backward and no autograd.grad in the whole run, or none that reached a parameter."""
    backwards, steps = facts.count("BA"), facts.count("S")
    numbers: dict[str, float | int | str] = {"backwards": backwards, "steps": steps}
    if backwards:
        if facts.fed or facts.moved or not facts.of(trace.Row) or facts.asks("broken-graph"):
            return Clear()
        text = (
            f"{_times(backwards, 'backward pass', 'backward passes')} ran, but no gradient reached any parameter: "
            "what was differentiated does not depend on the model."
        )
        return Found(text, (facts.line_of("B") or facts.line_of("A"),), numbers)
    if facts.moved or facts.count("a"):
        if facts.good:
            return Clear()  # gradients came another way, as by torch.func, which shows no backward
        return Unknown("gradients were computed in a way that shows no backward pass (torch.func, perhaps)")
    forwards = facts.count("F")
    if forwards or steps:
        made = _times(forwards, "training forward pass", "training forward passes")
        text = f"Your loop made {made} and {_times(steps, 'step')}, but no backward pass: no parameter got a gradient."
    else:
        text = "Nothing was trained: the model was never called on data, and there was no backward pass."
    lines = (facts.line_of("L") or facts.line_of("F"), facts.line_of("S"))
    return Found(text, lines, {**numbers, "forwards": forwards})


@check("missing-step")
def missing_step(facts: Facts) -> Verdict:
    """Gradients, but values that never change, and no optimizer's step."""
    backwards, steps = facts.count("BA"), facts.count("S")
    if steps or not backwards or facts.moved:
        return Clear()
    line = facts.line_of("B") or facts.line_of("A")
    text = (
        f"{_times(backwards, 'backward pass', 'backward passes')}, no step: "
        "every parameter still has its initial value."
    )
    return Found(text, (line,), {"backwards": backwards, "steps": 0})


@check("missing-zero-grad")
def missing_zero_grad(facts: Facts) -> Verdict:
    """Steps that use, beside the new gradient, gradients that an earlier step had used already."""
    watched = [step for step in steps_of(facts) if not step.zero]
    steps = [step for step in watched if step.fresh or step.again]
    again = [step for step in steps if step.again and step.fresh]
    if not enough(again, steps, OFTEN):
        if kept := infinity_kept(facts):
            return kept
        unknown = [step for step in watched if not step.known and not step.clean]
        if len(unknown) > MAJORITY * len(watched):
            return Unknown("the gradients are changed in a way that could not be followed")
        return Clear()
    if facts.asks("step-in-micro-batch") and cleared_inside(facts, steps):
        return Clear()  # a window of micro-batches is cleared, only there is a step in each of them
    worst = max(again, key=lambda step: step.again)
    uses = max(back.uses for back in facts.ledger.backs)
    text = (
        f"In {len(again)} of the {len(steps)} steps that were watched, gradients were used again that an earlier step "
        f"had used already: "
        f"step {worst.row.step + 1} used its own and {_times(worst.again, 'older one')}, "
        f"and one gradient was used at least {uses} times."
    )
    numbers: dict[str, float | int | str] = {
        "steps": len(steps),
        "steps_with_old_gradients": len(again),
        "most_old_gradients": worst.again,
        "most_uses": uses,
    }
    return Found(text, (facts.line_of("B") or facts.line_of("A"), *lines_of(again)), numbers)


@check("zero-grad-after-backward")
def zero_grad_after_backward(facts: Facts) -> Verdict:
    """Steps that find no gradient although a backward had just left one."""
    steps = steps_of(facts)
    empty = [step for step in steps if step.zero and step.had and not step.late]
    if not enough(empty, steps, OFTEN):
        return Clear()
    text = (
        f"In {len(empty)} of {len(steps)} watched steps the backward pass had filled the gradients, but when the "
        "step came they were all zero again, and no parameter could move."
    )
    where = (facts.line_of("B"), facts.line_of("Z"), *lines_of(empty))
    return Found(text, where, {"steps": len(steps), "steps_without_gradient": len(empty)})


@check("step-before-backward")
def step_before_backward(facts: Facts) -> Verdict:
    """Steps between a batch's forward and its backward, which use the batch before."""
    steps = [step for step in steps_of(facts) if not step.closure]
    late = [step for step in steps if step.late]
    if enough(late, steps, OFTEN):
        empty = sum(step.zero for step in late)
        what = "no gradient at all" if empty == len(late) else "the gradient of the batch before"
        text = (
            f"In {len(late)} of {len(steps)} watched steps, `step()` ran after the batch's forward pass but before "
            f"its backward pass, so it used {what}."
        )
        where = (*lines_of(late), facts.line_of("B"))
        return Found(text, where, {"steps": len(steps), "steps_too_early": len(late)})
    if stale := _stale(facts, steps):
        return stale
    early = [step for step in steps if step.zero and (step.early or _opens_a_batch(step, facts))]
    if early and _ends_with_backward(facts):
        text = (
            "The first `step()` came before any backward pass and moved nothing, and the last backward pass was "
            "followed by no step: every step used the gradient of the batch before."
        )
        where = (*lines_of(early), facts.line_of("B"))
        return Found(text, where, {"steps": len(steps), "steps_too_early": len(early)})
    return Clear()


def _stale(facts: Facts, steps: list[Step]) -> Found | None:
    """Steps that used what autograd.grad had returned for the step before."""
    stale = [step for step in steps if step.stale]
    if not enough(stale, steps, OFTEN):
        return None
    text = (
        f"In {len(stale)} of {len(steps)} watched steps, the gradients that had just been computed were not in "
        "`.grad` yet when `step()` ran, so it used those of the step before."
    )
    where = (*lines_of(stale), facts.line_of("A") or facts.line_of("B"))
    return Found(text, where, {"steps": len(steps), "steps_too_early": len(stale)})


def _opens_a_batch(step: Step, facts: Facts) -> bool:
    """Whether the run's first step came before any backward, where as many steps as backwards follow in turn.

    A step before anything was drawn is a habit of its own (schedulers ask for one); one for each backward is not.
    """
    first = step.row.step == 0 and all(back.row.step > 0 for back in facts.ledger.backs)
    return first and facts.count("S") == facts.count("BA")


def _ends_with_backward(facts: Facts) -> bool:
    """Whether the run's last backward was followed by no step."""
    order = facts.last(trace.Order)
    last: object = order.items if order is not None and not order.truncated else None
    while isinstance(last, list) and last:
        last = last[-1][0] if isinstance(last[-1], list) else last[0]
    beats = next((pattern.beats for pattern in facts.of(trace.Pattern) if pattern.id == last), "")
    return max(beats.rfind("B"), beats.rfind("A")) > beats.rfind("S")


@check("double-step")
def double_step(facts: Facts) -> Verdict:
    """Steps with no backward since the last one, using the same gradient once more."""
    steps = steps_of(facts)
    double = [step for step in steps if step.same]
    if not enough(double, steps, OFTEN):
        return Clear()
    text = (
        f"{len(double)} of {len(steps)} watched steps came without a new backward pass and used the very "
        "gradient that the step before them had used."
    )
    lines = sorted({step.row.line for step in double} | {_before(steps, double[0])})
    return Found(text, tuple(lines), {"steps": len(steps), "repeated_steps": len(double)})


def _before(steps: list[Step], step: Step) -> int:
    """The line of the step before this one."""
    index = next(number for number, other in enumerate(steps) if other is step)
    return steps[index - 1].row.line if index else 0


def _times(count: int, one: str, many: str = "") -> str:
    """A count with its noun: "1 step", "no step", "3 steps"."""
    if count == 1:
        return f"1 {one}"
    return f"{count or 'no'} {many or one + 's'}" if count else f"no {one}"


def beats_seen(facts: Facts) -> tuple[str, tuple[int, ...]]:
    """The commonest pattern of beats between two steps, without the draws, and its lines."""
    times = facts.pattern_times
    stepped = [pattern for pattern in facts.of(trace.Pattern) if set(pattern.beats) & set("SBAFf")]
    if not stepped:
        return "", ()
    with_step = [pattern for pattern in stepped if "S" in pattern.beats]
    best = max(with_step or stepped, key=lambda pattern: (times.get(pattern.id, 0), any(pattern.lines)))
    pairs = [pair for pair in zip(best.beats, best.lines, strict=False) if pair[0] not in "Dfla"]
    pairs = _in_file_order(_folded(pairs))
    return "".join(beat for beat, _ in pairs)[:40], tuple(line for _, line in pairs)[:40]


def _folded(pairs: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """One round of a pattern that only repeats itself."""
    for size in range(1, len(pairs) // 2 + 1):
        if len(pairs) % size == 0 and pairs[:size] * (len(pairs) // size) == pairs:
            return pairs[:size]
    return pairs


def _in_file_order(pairs: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Turned so that it begins where the student's loop body begins, where a turn can do that."""
    lines = [line for _, line in pairs]
    if not all(lines):
        return pairs
    for turn in range(len(pairs)):
        if lines[turn:] + lines[:turn] == sorted(lines):
            return pairs[turn:] + pairs[:turn]
    return pairs
