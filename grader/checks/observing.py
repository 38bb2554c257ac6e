"""What was observed of the model after each epoch, laid beside the epochs of the student's loop."""

from __future__ import annotations

from grader.checks.feeding import training_passes
from grader.checks.heldout import held_out
from grader.checks.registry import Facts
from sandbox import trace


def moments(facts: Facts) -> list[trace.Observed]:
    """One observation for each set of weights that was validated, in order; the initial weights left out."""
    initial = next((item.sha256 for item in facts.of(trace.Hash) if item.step == 0), "")
    found: dict[str, trace.Observed] = {}
    for observed in facts.of(trace.Observed):
        if observed.sha256 != initial:
            found.setdefault(observed.sha256, observed)
    return list(found.values())


def epoch_ends(facts: Facts) -> list[int]:
    """The number of steps at the end of each training pass."""
    passes = training_passes(facts)
    end = facts.last(trace.End)
    return [*(item.at_step for item in passes[1:]), end.steps if end is not None else -1] if passes else []


def observed_epochs(facts: Facts, epochs: int) -> list[trace.Observed] | None:
    """The observation at the end of each of so many epochs; None where they cannot be told."""
    found = moments(facts)
    if len(found) == epochs:
        return found
    by_step = {item.at_step: item for item in found}
    ends = epoch_ends(facts)
    if len(ends) == epochs and all(end in by_step for end in ends):
        return [by_step[end] for end in ends]
    return None


def never_evaluated(facts: Facts) -> bool:
    """Whether the held-out data were gone through more often than modules saw batches that trained nothing."""
    uses = facts.of(trace.ForwardUse)
    return bool(uses) and sum(use.calls - use.trained for use in uses) < len(moments(facts))


def unseen_evaluations(facts: Facts) -> bool:
    """Whether held-out batches may have been evaluated that no loader had just drawn, such as kept ones."""
    held = held_out(facts)
    uses = [use for use in facts.of(trace.ForwardUse) if use.calls > use.trained]
    if any(use.loader == -1 for use in uses):
        return True
    known = any(use.loader in held for use in uses) or validated_on_training_data(facts)
    return not known and facts.count("l") > 0


def validated_on_training_data(facts: Facts) -> int:
    """How many passes went over a loader of training data without training on it."""
    held = held_out(facts)
    return sum(
        item.loader not in held and not item.trained and item.finished for item in facts.of(trace.Pass)
    )


def evaluated_on_training_data(facts: Facts) -> bool:
    """Whether all evaluation was of training data, so that held-out data were never gone through.

    Either a loader of training data was gone through once more, or all forwards that evaluated were on its batches,
    as many as there were losses: those of passes that did not train, or one that was left from training, while
    what goes through the held-out data was made and came to no end.
    """
    if facts.of(trace.Observed):
        return False
    if validated_on_training_data(facts):
        return True
    held = held_out(facts)
    uses = [use for use in facts.of(trace.ForwardUse) if use.calls > use.trained]
    evaluated = sum(use.calls - use.trained for use in uses)
    if not evaluated or evaluated < facts.count("l") or any(use.loader in (*held, -1) for use in uses):
        return False
    passes = facts.of(trace.Pass)
    again = sum(item.batches for item in passes if item.loader not in held and not item.trained)
    return again >= evaluated or any(item.loader in held for item in passes)
