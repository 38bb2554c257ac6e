"""Checks of what the loss is made of and whether it does its work: targets, shapes, graph, and where it goes."""

from __future__ import annotations

import math
from itertools import zip_longest
from statistics import fmean, median

from grader.checks.registry import Clear, Facts, Found, Verdict, check
from sandbox import trace

ELEMENTWISE = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
SAME_AS = {"cross_entropy": ("nll_loss", "kl_div")}
"""Other functions that compute the same loss from other operands."""
SAMPLED = 3  # calls at one line
ROWS = 32  # samples whose labels and targets were compared
EXPLAINED = 0.75  # share of targets that follow from the labels; wrong labels on purpose are fewer
GROWN = 10.0
FEW, MANY = 10, 40  # backward passes
STILL = 0.02


@check("logits-into-nll")
def logits_into_nll(facts: Facts) -> Verdict:
    """Rows whose exponentials do not sum to one, call after call, at the input of nll_loss."""
    for call in facts.of(trace.LossCall):
        if call.name == "nll_loss" and call.sampled >= SAMPLED and call.unnormalised == call.sampled:
            text = (
                f"In all {call.sampled} calls of `nll_loss` that were looked at, the rows were no log-probabilities: "
                f"the logarithm of their summed exponentials is up to {call.logsumexp:.3g} away from 0."
            )
            return Found(text, (call.line,), {"calls": call.sampled, "logsumexp": call.logsumexp})
    return Clear()


@check("loss-shape-broadcast")
def loss_shape_broadcast(facts: Facts) -> Verdict:
    """Predictions and targets whose common shape is larger than either."""
    for call in facts.of(trace.LossCall):
        if call.name not in ELEMENTWISE or not call.target_shape:
            continue
        elements = _elements(call.input_shape, call.target_shape)
        if elements > max(math.prod(call.input_shape), math.prod(call.target_shape)):
            text = (
                f"`{call.name}` got predictions of shape {_shape(call.input_shape)} and targets of shape "
                f"{_shape(call.target_shape)}: together they become {elements} differences."
            )
            numbers: dict[str, float | int | str] = {
                "elements": elements,
                "predictions": math.prod(call.input_shape),
            }
            return Found(text, (call.line,), numbers)
    wide = facts.last(trace.Widened)
    if wide is None or facts.good:
        return Clear()
    elements, predictions = math.prod(wide.result), math.prod(wide.operand)
    text = (
        f"A difference of predictions of shape {_shape(wide.operand)} and targets came out in the shape "
        f"{_shape(wide.result)}: every prediction is compared with every target."
    )
    lines = (facts.line_of("F"), wide.line)
    return Found(text, lines, {"elements": elements, "predictions": predictions})


def _elements(one: list[int], two: list[int]) -> int:
    """How many numbers two shapes become together; 0 where they do not fit."""
    pairs = list(zip_longest(reversed(one), reversed(two), fillvalue=1))
    return math.prod(max(pair) for pair in pairs) if all(a == b or 1 in (a, b) for a, b in pairs) else 0


def _shape(sizes: list[int]) -> str:
    return str(tuple(sizes))


@check("wrong-loss")
def wrong_loss(facts: Facts) -> Verdict:
    """Most batches went through a loss of torch's that is not the one the exercise names."""
    wanted = facts.exercise.expect.loss
    backwards = facts.count("BA")
    if not wanted or not backwards:
        return Clear()
    right = {*wanted, *(other for name in wanted for other in SAME_AS.get(name, ()))}
    calls = facts.of(trace.LossCall)
    if 2 * sum(call.calls for call in calls if call.name in right) >= backwards:
        return Clear()
    others = [call for call in calls if call.name not in right]
    main = max(others, key=lambda call: call.calls, default=None)
    if main is None or 2 * main.calls < backwards or not _went_backward(facts, main.name):
        return Clear()  # written by hand, perhaps
    text = f"The exercise asks for {_words(wanted[0])}; the loss that went backward was `{main.name}`."
    return Found(text, (main.line,), {"loss": main.name, "wanted_loss": wanted[0]})


def _words(name: str) -> str:
    known = {"mse_loss": "the mean squared error", "cross_entropy": "the cross-entropy"}
    return known.get(name, f"`{name}`")


def _went_backward(facts: Facts, name: str) -> bool:
    """Whether what was differentiated mostly was this loss's own value, and no sum that it is a part of."""
    since: list[float] = []
    whole = watched = 0
    for row in facts.of(trace.Row):
        if row.beat == "L" and row.text == name and row.value is not None:
            since.append(row.value)
        elif row.beat in ("B", "A") and row.value is not None:
            watched += 1
            whole += any(math.isclose(abs(row.value), abs(value), rel_tol=1e-4) for value in since)
            since = []
    return watched > 0 and 2 * whole >= watched


@check("loss-ignores-labels")
def loss_ignores_labels(facts: Facts) -> Verdict:
    """Targets that have nothing to do with the labels of the batch that the model was fed."""
    lines = [item for item in facts.of(trace.Targets) if item.samples >= ROWS and item.calls >= SAMPLED]
    if not lines or not all(_unrelated(item) for item in lines):
        return Clear()
    worst = max(lines, key=lambda item: item.samples)
    if worst.targets == 1:
        what = f"the labels had {worst.labels} different values, the targets of the loss only one"
    elif worst.permuted * 2 >= worst.calls:
        what = "the targets of the loss were the batch's labels in another order than its inputs"
    else:
        what = f"the label tells the target of the loss in {100 * worst.agreement:.0f} % of them only"
    text = f"In {worst.samples} samples that were compared, {what}."
    return Found(text, (worst.line,), {"samples": worst.samples, "agreement": round(worst.agreement, 3)})


def _unrelated(item: trace.Targets) -> bool:
    if item.counting * 2 >= item.calls:
        return False  # a contrastive loss: each row is its own class
    constant = item.targets == 1 and item.labels > 1
    scattered = 0 <= item.agreement < EXPLAINED
    return constant or scattered or item.permuted * 2 > item.calls


@check("broken-graph")
def broken_graph(facts: Facts) -> Verdict:
    """Trainable parameters of the given module that no backward reached."""
    reach = facts.last(trace.Reach)
    backwards = facts.count("BA")
    if reach is None or not reach.without or not backwards or facts.count("a"):
        return Clear()
    if len(reach.without) == reach.trainable and facts.fed:
        return Clear()  # another module was trained
    if not any(use.grad and use.calls for use in facts.of(trace.ForwardUse)) and facts.fed == set():
        return Clear()  # it was never asked for anything
    names = ", ".join(f"`{name}`" for name in reach.names[:4])
    text = (
        f"{backwards} backward passes ran, but {len(reach.without)} of the model's {reach.trainable} trainable "
        f"parameters never got a gradient ({names}{', …' if len(reach.without) > 4 else ''})."
    )
    numbers: dict[str, float | int | str] = {
        "without_gradient": len(reach.without),
        "parameters": reach.trainable,
    }
    return Found(text, (facts.line_of("F"), facts.line_of("B") or facts.line_of("A")), numbers)


@check("diverging-loss")
def diverging_loss(facts: Facts) -> Verdict:
    """A loss that ended far above its start, and finite."""
    losses = facts.last(trace.Losses)
    scaled = any(scaler.enabled and scaler.scaled for scaler in facts.of(trace.Scaler))
    if losses is None or losses.count < FEW or losses.non_finite_at >= 0 or scaled or facts.good:
        return Clear()
    first = median(abs(value) for value in losses.first[:4])
    last = median(abs(value) for value in losses.last[-4:])
    if last <= GROWN * max(first, 1e-4):
        return Clear()
    text = f"The loss began at {losses.first[0]:.4g} and ended at {losses.last[-1]:.4g}."
    return Found(text, (losses.line,), {"first": losses.first[0], "last": losses.last[-1]})


@check("stalled-loss")
def stalled_loss(facts: Facts) -> Verdict:
    """Many steps, parameters that moved, and a loss that is where it was."""
    losses = facts.last(trace.Losses)
    if losses is None or losses.count < MANY or losses.non_finite_at >= 0 or facts.good or not facts.moved:
        return Clear()
    first, last = fmean(losses.first[:8]), fmean(losses.last[-8:])
    epochs = [item for item in facts.of(trace.Pass) if item.trained and item.finished and item.loss_rows]
    if len(epochs) >= 2:  # an epoch's average says more than a few batches
        first, last = (item.loss / item.loss_rows for item in (epochs[0], epochs[-1]))
    if abs(last - first) > STILL * abs(first):
        return Clear()
    text = f"After {losses.count} backward passes the loss is {last:.4g}; it began at {first:.4g}."
    lines = (losses.line, facts.line_of("S"))
    return Found(text, lines, {"first": first, "last": last, "backwards": losses.count})
