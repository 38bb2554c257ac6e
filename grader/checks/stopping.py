"""Checks of early stopping: when training ended, which epoch was called the best, and whose weights were kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grader.checks.feeding import training_passes
from grader.checks.observing import (
    evaluated_on_training_data,
    moments,
    never_evaluated,
    unseen_evaluations,
)
from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check
from sandbox import trace
from sandbox.answers import rebuild

TIE = 1e-6  # relative: losses closer than this may be ordered otherwise by another way of adding up


@dataclass(frozen=True)
class Course:
    """A run: the true validation loss and the weights' digest after each epoch, and what was asked.

    `returned` is the index that came back; None where something else did.
    """

    losses: list[float]
    weights: list[str]
    patience: int
    max_epochs: int
    returned: int | None
    said: str

    @property
    def last(self) -> int:
        """The index of the last epoch that was trained."""
        return len(self.losses) - 1

    def fits(self, stop: int | None) -> bool:
        """Whether a rule that stops there (None: not yet) explains where the run ended."""
        return stop == self.last or (stop is None and len(self.losses) == self.max_epochs)


Rule = Callable[[list[float], int], tuple[int | None, int]]
"""From losses and patience to the index of the last epoch (None: training goes on) and of the best."""


def by_best(losses: list[float], patience: int) -> tuple[int | None, int]:
    """The right rule: `patience` epochs in a row without a new best."""
    return _follow(losses, patience, lambda loss, best, before: loss < best)


def _follow(
    losses: list[float],
    patience: int,
    better: Callable[[float, float, float], bool],
    reset: bool = True,
) -> tuple[int | None, int]:
    best, before, kept, waited = math.inf, math.inf, 0, 0
    for epoch, loss in enumerate(losses):
        if epoch == 0 or better(loss, best, before):
            best, kept = loss, epoch
            waited = 0 if reset else waited
        else:
            waited += 1
        before = loss
        if waited >= patience:
            return epoch, kept
    return None, kept


SLIPS: tuple[tuple[str, Rule], ...] = (
    (
        "That is one epoch too many: training ends as soon as the count reaches `patience` (`>=`, not `>`).",
        lambda losses, patience: by_best(losses, patience + 1),
    ),
    (
        "That is one epoch too early: the epochs without a new best are counted one too high.",
        lambda losses, patience: by_best(losses, patience - 1),
    ),
    (
        "The count was not set back to 0 at a new best: all epochs without one were added up.",
        lambda losses, patience: _follow(losses, patience, lambda loss, best, before: loss < best, False),
    ),
    (
        "Each loss was compared with that of the epoch before, not with the best so far.",
        lambda losses, patience: _follow(losses, patience, lambda loss, best, before: loss < before),
    ),
    (
        "The highest loss was taken for the best; the lowest is.",
        lambda losses, patience: _follow(losses, patience, lambda loss, best, before: loss > best),
    ),
    (
        "The count grew in every epoch, with or without a new best.",
        lambda losses, patience: (patience - 1 if len(losses) >= patience else None, int(np.argmin(losses))),
    ),
)


def course(facts: Facts) -> Course | Unknown | Found:
    """The run's course, or why there is none."""
    seen = moments(facts)
    if not seen:
        if evaluated_on_training_data(facts):
            return Found("`val_loader` was never gone through; what was evaluated came from `train_loader`.")
        if unseen_evaluations(facts) or facts.of(trace.Observed):
            return Unknown("validation could not be followed: its batches did not come from `val_loader`")
        return Found("`val_loader` was never gone through, so nothing can say when to stop.")
    if never_evaluated(facts):
        return Unknown("the model was not seen to be evaluated as often as `val_loader` was gone through")
    numbers = facts.evidence.parameters
    answers = [item for item in facts.of(trace.Answer) if item.function == facts.exercise.function]
    value = rebuild(answers[-1].value) if answers else None
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(()).item()
    whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(_finite(value))
    return Course(
        losses=[item.values.get("val_loss", math.nan) for item in seen],
        weights=[item.sha256 for item in seen],
        patience=int(numbers.get("patience", 0)),
        max_epochs=int(numbers.get("max_epochs", 0)),
        returned=int(value) if whole and isinstance(value, (int, float)) else None,
        said="None"
        if value is None
        else f"{value:.6g}"
        if isinstance(value, float)
        else type(value).__name__,
    )


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.5


@check("early-stopping-wrong")
def early_stopping_wrong(facts: Facts) -> Verdict:
    """Whether training ended after `patience` epochs without a new best, and the best epoch's index came back."""
    run = course(facts)
    if not isinstance(run, Course):
        return run
    epochs = len([item for item in training_passes(facts) if item.finished])
    if epochs > len(run.losses) + 1 and unseen_evaluations(facts):
        return Unknown("validation could not be followed in every epoch")
    stop, best = by_best(run.losses, run.patience)
    numbers: dict[str, float | int | str] = {
        "epochs": len(run.losses),
        "best_epoch": best,
        "patience": run.patience,
    }
    lines = tuple(item.line for item in facts.of(trace.Function) if item.name == facts.exercise.function)
    if run.fits(stop) and run.returned == best:
        return _went_back(facts) or Clear()
    if _tied(run.losses):
        return Unknown("two epochs have the same validation loss, up to rounding")
    text = f"{_story(run, stop)} {_slip(run, best, run.fits(stop))}".strip()
    return Found(text, lines, numbers)


def _went_back(facts: Facts) -> Found | None:
    """Weights of an earlier epoch that were loaded before the end, so that training went on from there."""
    graded, end, seen = facts.last(trace.Graded), facts.last(trace.End), moments(facts)
    if graded is None or end is None:
        return None
    loads = {load.at_step: load for load in facts.of(trace.StateLoad) if load.module == graded.module}
    epochs = {item.at_step: epoch for epoch, item in enumerate(seen)}
    for step, load in loads.items():  # the last one at each step: others may have been undone
        now = epochs.get(step, -1)
        earlier = [epoch for epoch in range(now) if seen[epoch].sha256 == load.sha256]
        if load.changed and earlier and step < end.steps:
            text = (
                f"After epoch {now} (counted from 0) the weights of epoch {earlier[0]} were loaded, and training went "
                "on from there: the best weights come back once, when it has ended."
            )
            return Found(text, (load.line,), {"epochs": len(seen), "best_epoch": earlier[0]})
    return None


def _story(run: Course, stop: int | None) -> str:
    """When training should have ended and when it did; "" when that was right."""
    _, best = by_best(run.losses[: None if stop is None else stop + 1], run.patience)
    lowest = f"The lowest validation loss was {run.losses[best]:.6g}, in epoch {best} (counted from 0)."
    if run.fits(stop):
        return lowest
    if stop is None:
        waited = run.last - best
        without = "no epoch" if not waited else f"{waited} epoch{'s' if waited > 1 else ''}"
        return f"{lowest} Training ended after epoch {run.last}, {without} later; patience is {run.patience}."
    return f"{lowest} With patience {run.patience} epoch {stop} is the last; yours was epoch {run.last}."


def _slip(run: Course, best: int, in_time: bool) -> str:
    """What explains where the run ended and what came back."""
    told = run.returned
    if run.returned is None:
        what = f"`fit` should return the index of the best epoch; it returned {run.said}."
        if in_time:
            return what
    explained = [(sentence, rule(run.losses, run.patience)) for sentence, rule in SLIPS]
    for sentence, (stop, kept) in explained:
        same = kept == best and (in_time or stop is None)  # the right rule explains as much
        if run.fits(stop) and told == kept and not same:
            return sentence
    if in_time:
        if told == best + 1:
            return f"`fit` returned {told}: epochs are counted from 0."
        if told == run.last:
            return f"`fit` returned {told}, the last epoch."
        if told == len(run.losses):
            return f"`fit` returned {told}, the number of epochs."
        return f"`fit` returned {told}."
    for sentence, (stop, _) in explained:
        if stop == run.last:
            return sentence
    if len(run.losses) == run.max_epochs:
        return "Training went on to the last epoch."
    return ""


def _tied(losses: list[float]) -> bool:
    best = math.inf
    for loss in losses:
        if math.isfinite(best) and abs(loss - best) <= TIE * abs(best):
            return True
        best = min(best, loss)
    return False


# ── the weights ──────────────────────────────────────────────────────────────────────────────────


@check("best-weights-aliased")
def best_weights_aliased(facts: Facts) -> Verdict:
    """Weights that were loaded at the end, out of the very memory that the model trains in."""
    wrong = _kept_wrong(facts)
    loads = _loads(facts)
    if not isinstance(wrong, Found) or not any(load.shared for load in loads):
        return Clear()
    shared = next(load for load in loads if load.shared)
    text = (
        f"{wrong.evidence} `load_state_dict` was called at the end, but what it loaded were the model's own tensors, "
        "which every step had changed."
    )
    return Found(text, (shared.line,), wrong.numbers)


@check("best-weights-not-restored")
def best_weights_not_restored(facts: Facts) -> Verdict:
    """A model that ends with other weights than its best epoch's."""
    wrong = _kept_wrong(facts)
    if isinstance(wrong, Found) and any(load.shared for load in _loads(facts)):
        return Clear()  # told as an alias
    return wrong


def _loads(facts: Facts) -> list[trace.StateLoad]:
    """Loads into the graded module after its last step that changed nothing."""
    graded, end = facts.last(trace.Graded), facts.last(trace.End)
    if graded is None or end is None:
        return []
    return [
        load
        for load in facts.of(trace.StateLoad)
        if load.module == graded.module and load.at_step == end.steps and not load.changed
    ]


def _kept_wrong(facts: Facts) -> Verdict:
    run = course(facts)
    final = facts.last(trace.Hash)
    if isinstance(run, Unknown):
        return run
    if not isinstance(run, Course) or final is None:
        return Clear()
    stop, best = by_best(run.losses, run.patience)
    chosen = {best, int(np.nanargmin(run.losses))}
    if run.returned is not None and _own_rule(run, stop):
        chosen.add(run.returned)
    if final.sha256 in {run.weights[index] for index in chosen if 0 <= index <= run.last} or _tied(
        run.losses
    ):
        return Clear()
    if final.sha256 in run.weights:
        index = run.weights.index(final.sha256)
        whose = f"those of epoch {index}, the last" if index == run.last else f"those of epoch {index}"
    else:
        whose = "of no epoch that was validated"
    text = (
        f"The best epoch was {best} (counted from 0), but the weights that the model ends with are {whose}."
    )
    return Found(text, (), {"best_epoch": best, "epochs": len(run.losses)})


def _own_rule(run: Course, stop: int | None) -> bool:
    """Whether the returned index follows from a wrong rule, whose best weights the loop may well have kept."""
    if run.returned is None or (run.returned == run.last and run.fits(stop)):
        rules = [rule(run.losses, run.patience) for _, rule in SLIPS[3:5]]
        return any(run.fits(ended) and kept == run.returned for ended, kept in rules)
    return True
