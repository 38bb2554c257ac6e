"""Checks of the loss, the graph it leaves behind, and the measured result."""

from __future__ import annotations

import math
from statistics import median

from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check, reaches
from sandbox import trace

LONG = 7  # graphs in a row that are all alive: a right loop has one or two (and those of a window)
MOST = 0.8
LOOKED_AT = 3  # graphs of losses; see sandbox/spies/autograd.py
ON_LOGITS = ("cross_entropy", "binary_cross_entropy_with_logits")


@check("softmax-before-cross-entropy")
def softmax_before_cross_entropy(facts: Facts) -> Verdict:
    """Rows that sum to one, or numbers that all lie between 0 and 1, call after call, where logits are expected."""
    for call in facts.of(trace.LossCall):
        if call.name not in ON_LOGITS or call.sampled < 3:
            continue
        if call.name == "cross_entropy" and call.probabilities == call.sampled:
            text = (
                f"In all {call.sampled} calls that were looked at, every row that went into the cross-entropy was "
                f"non-negative and summed to {call.row_sum or 1:.3f}: the output of a softmax."
            )
            return Found(text, (call.line,), {"calls": call.sampled, "row_sum": call.row_sum or 1.0})
        if call.squashed == call.sampled:
            text = (
                f"In all {call.sampled} calls that were looked at, every number that went into `{call.name}` lay "
                "between 0 and 1, as the outputs of a sigmoid or a softmax do; raw scores are of either sign."
            )
            return Found(text, (call.line,), {"calls": call.sampled})
    return _squashed(facts)


def _squashed(facts: Facts) -> Verdict:
    """The same by the graphs of the first losses that went backward, whoever wrote them."""
    seen = facts.of(trace.Squashed)
    if len(seen) < LOOKED_AT:
        return Clear()
    text = (
        f"In the graphs of the first {len(seen)} losses that went backward, what a cross-entropy took for raw scores "
        f"was the output of a {seen[0].by}."
    )
    lines = (facts.line_of("L"), *(item.line for item in seen))
    return Found(text, lines, {"calls": len(seen)})


@check("non-finite-loss")
def non_finite_loss(facts: Facts) -> Verdict:
    """A backpropagated loss that is inf or nan."""
    losses = facts.last(trace.Losses)
    if losses is None or losses.non_finite_at < 0:
        return Clear()
    value = losses.non_finite_value
    text = f"The loss of backward pass {losses.non_finite_at + 1} (of {losses.count}) was {value}."
    before = losses.first[: losses.non_finite_at]
    if before:
        text += (
            f" The one before it was {before[-1]:.4g}." if losses.non_finite_at < len(losses.first) else ""
        )
    line = losses.non_finite_line or losses.line
    return Found(text, (line,), {"first_bad_step": losses.non_finite_at + 1, "value": str(value)})


@check("graph-leak")
def graph_leak(facts: Facts) -> Verdict:
    """Graphs that stay alive, more of them together than a window of accumulation explains."""
    windows = facts.of(trace.Live)
    if not windows:
        return Clear()  # nothing that was differentiated had a graph of its own
    per_step = median([len(step.fresh) for step in facts.ledger.steps if step.fresh] or [1])
    worst = max(windows, key=lambda item: item.alive)
    if worst.alive < max(LONG, 2 * per_step + 3):
        return Clear()
    text = (
        f"At step {worst.step + 1} the graphs of {worst.alive} training forward passes were still in memory; a right "
        "loop keeps one or two."
    )
    return Found(text, (worst.line, *_keepers(facts)), {"graphs_alive": worst.alive, "step": worst.step + 1})


def _keepers(facts: Facts) -> list[int]:
    """The lines where losses are made: what keeps them is close by."""
    return [call.line for call in facts.of(trace.LossCall)][:1]


@check("sync-every-step")
def sync_every_step(facts: Facts) -> Verdict:
    """`.item()` in nearly every step."""
    sync = facts.last(trace.Sync)
    backwards = facts.count("BA")
    if sync is None or backwards < 8 or sync.steps < MOST * backwards:
        return Clear()
    text = f"`.item()` was called {sync.calls} times in {backwards} backward passes."
    return Found(text, (sync.line,), {"calls": sync.calls, "steps": backwards})


@check("accuracy-below-threshold")
def accuracy_below_threshold(facts: Facts) -> Verdict:
    """The hidden test's number against its threshold."""
    measured = facts.evidence.measurement
    if measured is None or measured.value is None:
        return Unknown(measured.reason if measured is not None else "the model could not be measured")
    if math.isnan(measured.value):
        text = "The trained weights are not finite numbers, so the model predicts nothing."
        return Found(text, (), {"threshold": measured.threshold})
    if reaches(measured):
        return Clear()
    limit = "at least" if measured.better == "higher" else "at most"
    text = (
        f"On {measured.samples} samples that your program never saw, {measured.metric} is {measured.value:.4g}; "
        f"{limit} {measured.threshold:.4g} was asked for."
    )
    numbers: dict[str, float | int | str] = {measured.metric: measured.value, "threshold": measured.threshold}
    return Found(text, (), numbers)
