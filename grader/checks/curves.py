"""Checks of the curves that a `fit` returns: losses and accuracies, against what the model really gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from grader.checks.feeding import training_passes
from grader.checks.observing import (
    evaluated_on_training_data,
    moments,
    never_evaluated,
    observed_epochs,
    unseen_evaluations,
)
from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check
from sandbox import trace
from sandbox.answers import Other, rebuild

RETURNED = "dict[str, list[float]]"  # of the signatures that are looked at
KEYS = ("train_loss", "val_loss", "val_accuracy")
ABSOLUTE, RELATIVE = 1e-4, 1e-4  # float32 sums, and numbers rounded to four places
NOT_SEEN = "the model was not seen to be evaluated as often as the validation set was gone through"
FAR = 1.5  # times: no way of averaging a training loss explains more
Curve = list[float]
Slip = tuple[str, str, Curve]  # the finding's slug, what was done, the numbers that gives


def _applies(facts: Facts) -> bool:
    return (facts.exercise.signature or "").endswith(RETURNED)


def _answer(facts: Facts) -> Any:
    """What the function returned; `Other` where it never did."""
    answers = [item for item in facts.of(trace.Answer) if item.function == facts.exercise.function]
    return rebuild(answers[-1].value) if answers else Other("nothing")


def _line(facts: Facts) -> tuple[int, ...]:
    return tuple(item.line for item in facts.of(trace.Function) if item.name == facts.exercise.function)


# ── the form ─────────────────────────────────────────────────────────────────────────────────────


@check("wrong-shape")
def wrong_shape(facts: Facts) -> Verdict:
    """Whether a dict with three lists of one float an epoch came back."""
    if not _applies(facts):
        return Clear()
    problem = _problem(_answer(facts), int(facts.epochs))
    return Found(problem, _line(facts)) if problem else Clear()


def _problem(value: Any, epochs: int) -> str:
    if not isinstance(value, dict):
        what = value.type if isinstance(value, Other) else "None" if value is None else type(value).__name__
        return f"`fit` should return a dict with the keys {', '.join(KEYS)}; it returned {what}."
    if missing := [key for key in KEYS if key not in value]:
        got = ", ".join(str(key) for key in value) or "none"
        return f"The dict has no key {missing[0]!r}; its keys are: {got}."
    for key in KEYS:
        curve = value[key]
        if isinstance(curve, np.ndarray) and curve.ndim == 1:
            curve = curve.tolist()
        if not isinstance(curve, (list, tuple)):
            return f"{key!r} should be a list of {epochs} floats; it is {_kind(curve)}."
        if len(curve) != epochs:
            return f"{key!r} should have one float for each of {epochs} epochs; it has {len(curve)}."
        for number, item in enumerate(curve):
            if isinstance(item, bool) or not isinstance(item, (int, float)):
                return f"{key}[{number}] should be a float; it is {_kind(item)}."
    return ""


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return "a tensor (take `.item()` of it)" if value.ndim == 0 else f"an array of shape {value.shape}"
    return (
        value.type if isinstance(value, Other) else "None" if value is None else f"a {type(value).__name__}"
    )


# ── the numbers ──────────────────────────────────────────────────────────────────────────────────


@check("wrong-value")
def wrong_value(facts: Facts) -> Verdict:
    """Whether the numbers are those of the model after each epoch, or of anything else."""
    return _judged(facts, "wrong-value")


@check("wrong-average")
def wrong_average(facts: Facts) -> Verdict:
    """Whether sums were divided by what they should be."""
    return _judged(facts, "wrong-average")


def _judged(facts: Facts, slug: str) -> Verdict:
    if not _applies(facts):
        return Clear()
    value, epochs = _answer(facts), int(facts.epochs)
    if _problem(value, epochs):
        return Clear()
    if never_evaluated(facts):
        return Unknown(NOT_SEEN)
    curves = {key: [float(item) for item in value[key]] for key in KEYS}
    observed = observed_epochs(facts, epochs)
    if observed is None:
        verdict = _not_observed(facts, epochs, curves)
        return verdict if slug == "wrong-value" or isinstance(verdict, Unknown) else Clear()
    seen = {name: [item.values.get(name, float("nan")) for item in observed] for name in observed[0].values}
    for key in ("val_loss", "val_accuracy", "train_loss"):
        if (found := _compare(facts, key, curves, seen)) is not None and found[0] == slug:
            return Found(found[1], _line(facts), {"curve": key})
    return Clear()


def _not_observed(facts: Facts, epochs: int, curves: dict[str, Curve]) -> Verdict:
    """The validation set was not gone through once after every epoch: why the numbers cannot be right."""
    passes = facts.of(trace.Observed)
    before = passes[: len(passes) - len(moments(facts))]  # with the initial weights
    if len(passes) == epochs and len(before) == 1:
        early = [item.values.get("val_loss", float("nan")) for item in passes]
        if _close(curves["val_loss"], early):
            text = "The validation numbers of each epoch are those of the model before that epoch's training."
            return Found(text, _line(facts))
    if evaluated_on_training_data(facts):
        text = "`val_loader` was never gone through; what was evaluated came from `train_loader` instead."
        return Found(text, _line(facts))
    if unseen_evaluations(facts) or len(moments(facts)) >= epochs:
        return Unknown(
            "validation could not be followed: its batches did not come from `val_loader`, epoch by epoch"
        )
    times = "once" if len(passes) == 1 else f"{len(passes)} times"
    often = "never" if not passes else f"only {times}"
    return Found(
        f"`val_loader` was gone through {often} in {epochs} epochs.",
        _line(facts),
        {"validations": len(passes)},
    )


def _compare(
    facts: Facts, key: str, curves: dict[str, Curve], seen: dict[str, Curve]
) -> tuple[str, str] | None:
    """The slug and sentence of what is wrong with one curve; None when it is right."""
    curve = curves[key]
    if key == "train_loss":
        return _train_loss(facts, curve, seen)
    right = seen[key]
    if _close(curve, right):
        return None
    at = next(index for index in range(len(right)) if not _near(curve[index], right[index]))
    text = f"{key}[{at}] is {curve[at]:.6g}; the model's was {right[at]:.6g}"
    for slug, what, other in _slips(key, seen):
        if _close(curve, other):
            return slug, f"{text}. {what}"
    return "wrong-value", f"{text}."


def _slips(key: str, seen: dict[str, Curve]) -> Iterator[Slip]:
    """What a curve would be after a likely slip."""
    right, means = np.array(seen[key]), np.array(seen[f"{key}_batches"])
    batches, samples = np.array(seen["val_batches"]), np.array(seen["val_samples"])
    average, value = "wrong-average", "wrong-value"
    if key == "val_loss":
        yield (
            average,
            "That is the average of the batches' averages: the last batch has fewer samples.",
            list(means),
        )
        yield average, "That is the sum over the batches: divide it.", list(means * batches)
        yield average, "That is the sum over the samples: divide it by their number.", list(right * samples)
        what = "That is the sum of the batches' averages, divided by the number of samples."
        yield average, what, list(means * batches / samples)
        yield value, "That is the accuracy.", seen["val_accuracy"]
    else:
        what = "That is the average of the batches' accuracies: the last batch has fewer samples."
        yield average, what, list(means)
        yield average, "That is the number of right answers: divide it by the samples.", list(right * samples)
        yield value, "That is in percent: a share lies between 0 and 1.", list(100 * right)
        yield value, "That is in percent: a share lies between 0 and 1.", list(100 * means)
        yield value, "That is the share of wrong answers.", list(1 - right)
        yield value, "That is the loss.", seen["val_loss"]
        yield average, "That is a sum over the batches: divide it.", list(means * batches)
    what = "That is a sum over the samples, divided by the number of batches."
    yield average, what, list(right * samples / batches)
    last = seen[f"{key}_last"]
    yield value, "That is the last batch's alone.", last
    yield value, "That is the last batch's, divided by the number of batches.", list(np.array(last) / batches)
    yield value, "That is the number of the training set.", seen[key.replace("val", "train")]
    yield value, "These are all the last epoch's.", [right[-1]] * len(right)


def _train_loss(facts: Facts, curve: Curve, seen: dict[str, Curve]) -> tuple[str, str] | None:
    """A training loss may be averaged by samples or batches, and be measured while or after training."""
    if not all(np.isfinite(curve)):
        return None if facts.count("B") == 0 else ("wrong-value", f"train_loss holds {curve}.")
    passes = training_passes(facts)
    followed = len(passes) == len(curve) and all(item.loss_rows == item.rows > 0 for item in passes)
    if not followed or facts.count("B") != facts.count("S") or facts.count("A"):
        return None
    means = [item.loss_means / item.batches for item in passes]
    weighted = [item.loss / item.loss_rows for item in passes]
    right = [means, weighted, seen["train_loss"], seen["train_loss_batches"]]
    if any(_close(curve, other) for other in right):
        return None
    text = f"train_loss[0] is {curve[0]:.6g}; the average of that epoch's losses was {weighted[0]:.6g}"
    slips: list[Slip] = [
        (
            "wrong-average",
            "That is the sum over the batches: divide it.",
            [item.loss_means for item in passes],
        ),
        ("wrong-average", "That is the sum over the samples: divide it.", [item.loss for item in passes]),
        (
            "wrong-average",
            "That is the sum of the batches' averages, divided by the number of samples.",
            [item.loss_means / item.rows for item in passes],
        ),
        (
            "wrong-average",
            "That is a sum over the samples, divided by the number of batches.",
            [item.loss / item.batches for item in passes],
        ),
        ("wrong-value", "That is the loss of the epoch's last batch alone.", _last_losses(facts, passes)),
        ("wrong-value", "That is the validation loss.", seen["val_loss"]),
        ("wrong-value", "The sum was not set back to 0 at the start of an epoch.", _running(passes)),
    ]
    for slug, what, other in slips:
        if _close(curve, other):
            return slug, f"{text}. {what}"
    for index, value in enumerate(curve):
        near = [other[index] for other in right]
        if not min(near) / FAR <= value <= max(near) * FAR:
            of = f"train_loss[{index}] is {value:.6g}; the average of that epoch's losses was {weighted[index]:.6g}."
            return "wrong-value", of
    return None


def _last_losses(facts: Facts, passes: Sequence[trace.Pass]) -> Curve:
    """Each pass's last loss, where all losses of the run are known; else nothing."""
    losses = facts.last(trace.Losses)
    if losses is None:
        return []
    known = dict(enumerate(losses.first))
    known |= {losses.count - len(losses.last) + index: value for index, value in enumerate(losses.last)}
    ends = np.cumsum([item.batches for item in passes]) - 1
    return [known.get(int(end), float("nan")) for end in ends]


def _running(passes: Sequence[trace.Pass]) -> Curve:
    return [
        float(total) / item.rows
        for total, item in zip(np.cumsum([p.loss for p in passes]), passes, strict=True)
    ]


def _close(curve: Sequence[float], other: Sequence[float]) -> bool:
    """Whether all numbers agree; unknown ones (nan) of the other are skipped, if at least two are known."""
    pairs = [(one, two) for one, two in zip(curve, other, strict=False) if two == two]
    return (
        len(curve) == len(other) and len(pairs) >= min(2, len(curve)) and all(_near(*pair) for pair in pairs)
    )


def _near(one: float, two: float) -> bool:
    return abs(one - two) <= ABSOLUTE + RELATIVE * abs(two)
