"""How a loop went through its points: which epochs it made, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.examiner.linreg.courses import Candidate, Setting, same_order

_FEW_STEPS = 5
_NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Flaw:
    """A finding about the passes: its slug, the sentence that proves it, and its numbers."""

    slug: str
    evidence: str
    numbers: dict[str, float | int | str] = field(default_factory=dict)


def flaws(candidate: Candidate, setting: Setting, notes: Mapping[str, Sequence[int]]) -> Iterator[Flaw]:
    """What is wrong with the way a loop went through its points."""
    epochs = candidate.epochs
    if flaw := _repeated(candidate, setting):
        yield flaw
        return
    full = all(len(set(epoch)) == len(epoch) and len(epoch) >= max(setting.whole, 1) for epoch in epochs)
    if full:
        if len(epochs) != setting.epochs:
            yield _other_number(len(epochs), setting, notes)
        if same_order(epochs):
            yield Flaw(
                "not-shuffled",
                f"All {len(epochs)} epochs went through the points in the same order"
                f"{', the one they were given in' if _ascending(epochs[0]) else ''}.",
                {"epochs": len(epochs), "samples": setting.points},
            )
        return
    yield from _incomplete(epochs, setting)


def _repeated(candidate: Candidate, setting: Setting) -> Flaw | None:
    """The same batch in every step, or in every step of an epoch."""
    batches = [frozenset(batch) for epoch in candidate.batches for batch in epoch]
    if len(batches) < _FEW_STEPS or any(len(batch) >= setting.points for batch in batches):
        return None
    by_epoch = [len({frozenset(batch) for batch in epoch}) for epoch in candidate.batches if len(epoch) > 1]
    if len(set(batches)) > 1 and (not by_epoch or max(by_epoch) > 1):
        return None
    where = "every step" if len(set(batches)) == 1 else "every step of an epoch"
    size = len(batches[0])
    return Flaw(
        "same-batch-repeated",
        f"{where[0].upper()}{where[1:]} ({len(batches)} steps in all) used the same {size} points.",
        {"steps": len(batches), "rows": size, "distinct_batches": len(set(batches))},
    )


def _other_number(made: int, setting: Setting, notes: Mapping[str, Sequence[int]]) -> Flaw:
    """Whole epochs, but not as many as were asked for."""
    turns = {setting.epochs - 1, setting.epochs}
    if made == 1 and turns & set(notes.get("idle", [])):
        text = (
            f"In the first epoch {setting.points} points entered the gradients; after it the loop went on "
            f"turning, but in the other {setting.epochs - 1} epochs no point came any more."
        )
        return Flaw("drained-iterator", text, {"epochs": made, "wanted_epochs": setting.epochs})
    text = f"The points were gone through {made} {_times(made)}; {setting.epochs} epochs were asked for."
    return Flaw("wrong-hyperparameter", text, {"epochs": made, "wanted_epochs": setting.epochs})


def _incomplete(epochs: Sequence[Sequence[int]], setting: Setting) -> Iterator[Flaw]:
    """Epochs that leave points out; drawing with replacement, and an early end of the last epoch, are allowed."""
    total = sum(len(epoch) for epoch in epochs)
    used = {point for epoch in epochs for point in epoch}
    asked = len(epochs) == setting.epochs
    distinct = all(len(set(epoch)) == len(epoch) for epoch in epochs)
    short = asked and distinct and all(len(epoch) < setting.whole for epoch in epochs)
    if short or (asked and len(used) < _NEARLY_ALL * setting.points):
        most = max(len(set(epoch)) for epoch in epochs)
        yield Flaw(
            "partial-epoch",
            f"No epoch used more than {most} of the {setting.points} points; in the whole training "
            f"{setting.points - len(used)} were never used.",
            {"most_in_an_epoch": most, "samples": setting.points, "never_used": setting.points - len(used)},
        )
    elif total < (setting.epochs - 1) * setting.whole or total > (setting.epochs + 1) * setting.points:
        text = (
            f"Points entered the gradients {total} times; {setting.epochs} epochs over {setting.points} points "
            f"are {setting.epochs * setting.points} times."
        )
        yield Flaw(
            "wrong-hyperparameter",
            text,
            {"epochs": round(total / setting.points, 2), "wanted_epochs": setting.epochs},
        )


def _ascending(order: Sequence[int]) -> bool:
    return list(order) == sorted(order)


def _times(number: int) -> str:
    return "time" if number == 1 else "times"
