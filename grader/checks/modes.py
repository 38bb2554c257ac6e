"""Checks of the mode: which forwards ran in training and which in evaluation mode, with or without a graph."""

from __future__ import annotations

from grader.checks.heldout import held_out, only_evaluated
from grader.checks.registry import Clear, Facts, Found, Verdict, check
from sandbox import trace

OFTEN = 0.1  # of the evaluating forwards: a wrong mode may live in some of the epochs only
AT_LEAST = 2


def evaluations(facts: Facts) -> list[trace.ForwardUse]:
    """Forwards that evaluated: on held-out batches where any were seen, else on batches of no loader, no graph."""
    uses = [use for use in facts.of(trace.ForwardUse) if use.calls > use.trained]
    held = held_out(facts) or only_evaluated(facts)
    found = [use for use in uses if use.loader in held]
    return found or [use for use in uses if use.loader == -1 and not use.grad and not use.trained]


def _evaluated(uses: list[trace.ForwardUse]) -> int:
    return sum(use.calls - use.trained for use in uses)


def _enough(some: int, of_all: int) -> bool:
    return some >= min(AT_LEAST, of_all) and some >= OFTEN * of_all and some > 0


def _layers(uses: list[trace.ForwardUse]) -> str:
    names = sorted({name for use in uses for name in use.layers})
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


@check("eval-in-train-mode")
def eval_in_train_mode(facts: Facts) -> Verdict:
    """Evaluating forwards in which a layer that depends on the mode was in training mode."""
    uses = [use for use in evaluations(facts) if use.layers]
    bad = [use for use in uses if use.mode in ("t", "m")]
    count, total = _evaluated(bad), _evaluated(uses)
    if not _enough(count, total):
        return Clear()
    text = (
        f"{count} of {total} forward passes on held-out batches ran while {_layers(bad)} "
        f"{'were' if ' and ' in _layers(bad) else 'was'} in training mode."
    )
    return Found(text, tuple(use.line for use in bad), {"forwards": total, "in_training_mode": count})


@check("train-in-eval-mode")
def train_in_eval_mode(facts: Facts) -> Verdict:
    """Training forwards of a module that is, with all its layers, in evaluation mode.

    A right loop has none of them: one an epoch, before `train()` is called again, is a mistake like any other.
    """
    uses = [use for use in facts.of(trace.ForwardUse) if use.layers and use.trained]
    bad = [use for use in uses if use.mode == "e"]
    count, total = sum(use.trained for use in bad), sum(use.trained for use in uses)
    if not count or count < min(AT_LEAST, total):
        return Clear()
    first = min(use.at_step for use in bad)
    text = (
        f"{count} of {total} batches were trained on in evaluation mode, the first at step {first + 1}: "
        f"{_layers(bad)} did not do what {'they' if ' and ' in _layers(bad) else 'it'} should in training."
    )
    numbers: dict[str, float | int | str] = {"trained": total, "in_evaluation_mode": count}
    return Found(text, tuple(use.line for use in bad), {**numbers, "first_step": first + 1})


@check("eval-builds-graph")
def eval_builds_graph(facts: Facts) -> Verdict:
    """Evaluating forwards that built a graph, although nothing was differentiated with it."""
    uses = evaluations(facts)
    bad = [use for use in uses if use.grad]
    count, total = _evaluated(bad), _evaluated(uses)
    if not _enough(count, total) or _differentiated(facts):
        return Clear()
    text = (
        f"{count} of {total} forward passes on held-out batches recorded a graph for a backward pass "
        "that never came."
    )
    return Found(text, tuple(use.line for use in bad), {"forwards": total, "with_graph": count})


def _differentiated(facts: Facts) -> bool:
    """Whether something was differentiated in evaluation: a loss on held-out batches, or inputs anywhere."""
    held = held_out(facts) or only_evaluated(facts)
    return bool(facts.count("a")) or any(
        item.loader in held and item.loss_rows for item in facts.of(trace.Pass)
    )
