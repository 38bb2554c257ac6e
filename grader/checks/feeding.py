"""Checks of the data: which batches were drawn, in which order, from where, and how often."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise

from grader.checks.registry import Clear, Facts, Found, Verdict, check
from grader.checks.steps import Back
from sandbox import trace

FEW_STEPS = 5
MOST = 0.8


def training_passes(facts: Facts) -> list[trace.Pass]:
    """The passes over loaders whose batches were trained on, in order."""
    return [item for item in facts.of(trace.Pass) if item.trained > 0]


def whole_passes(facts: Facts) -> int | None:
    """How many epochs were trained, where each was one whole pass over a loader; None for other loops."""
    passes = training_passes(facts)
    whole = [item for item in passes if item.finished and item.trained * 2 > item.batches]
    return len(whole) if whole and len(whole) == len(passes) else None


def epochs_trained(facts: Facts) -> float | None:
    """How many times the training data went through: by whole passes, else by rows; None when unknown."""
    whole = whole_passes(facts)
    if whole is not None and facts.last(trace.Feed) is None:
        return float(whole)
    sizes = {loader.id: loader.size for loader in facts.of(trace.Loader)}
    by_pass = 0.0
    for item in training_passes(facts):
        size = sizes.get(item.loader, -1)
        if size > 0 and item.batches:
            by_pass += item.rows / size * min(1.0, item.trained / item.batches)
    end = facts.last(trace.End)
    by_rows = end.trained_rows / facts.samples if end is not None and facts.samples else 0.0
    return max(by_pass, by_rows) or None


@check("drained-iterator")
def drained_iterator(facts: Facts) -> Verdict:
    """One pass was trained on, its iterator was asked for more after its end, and that was all."""
    passes = training_passes(facts)
    seen, wanted = epochs_trained(facts), facts.epochs
    if not passes or seen is None or wanted < 2 or seen > wanted - 0.9:
        return Clear()
    asked = [item for item in passes if item.polled]
    returned = facts.last(trace.Returned)
    later = [] if returned is None or returned.length != int(wanted) else returned.numbers[1:]
    looped = bool(later) and all(value == 0 or math.isnan(value) for value in later)
    if not asked and not (looped and len(passes) == 1 and passes[0].finished):
        return Clear()
    item = asked[0] if asked else passes[0]
    again = f"asked {item.polled} more times afterwards" if item.polled else "never drawn from again"
    text = (
        f"The loader's iterator gave {item.batches} batches, came to its end, and was {again}; "
        f"of {wanted:g} epochs only {seen:.2g} had any batches."
    )
    return Found(
        text, (item.line,), {"batches": item.batches, "asked_after_end": item.polled, "epochs": seen}
    )


@check("same-batch-repeated")
def same_batch_repeated(facts: Facts) -> Verdict:
    """One fingerprint in all steps, of a batch that is not the whole training set."""
    backwards = facts.count("BA")
    feed = facts.last(trace.Feed)
    whole = max(facts.samples, 1)
    if feed is not None and feed.distinct == 1 and feed.steps >= FEW_STEPS and feed.rows < whole:
        if feed.steps >= MOST * (feed.steps + feed.fresh):
            return _same(feed.rows, feed.steps, facts, feed.line)
        return Clear()
    backs = [back for back in facts.ledger.backs if back.batch]
    if (window := _same_in_window(facts, backs)) is not None:
        return window
    steps = {back.row.step for back in backs}
    updates = len(steps) if facts.count("S") else len(backs)  # by hand, every backward is followed by one
    if len({back.batch for back in backs}) == 1 and updates >= 8 and 0 < backs[0].rows < whole:
        return _same(backs[0].rows, backwards, facts, 0)
    return Clear()


def _same_in_window(facts: Facts, backs: list[Back]) -> Found | None:
    """Where the exercise asks for several micro-batches a step: steps that gathered one of them again and again."""
    asked = facts.evidence.parameters.get("grad_accum", 0)
    inputs: dict[tuple[int, int], list[str]] = defaultdict(list)
    for back in backs:
        if not back.again:
            inputs[back.row.window, back.row.step].append(back.batch)
    several = [found for found in inputs.values() if len(found) > 1]
    alike = [found for found in several if len(set(found)) == 1]
    if not isinstance(asked, int) or asked < 2 or len(alike) < 2 or len(alike) * 2 <= len(several):
        return None
    size = max(len(found) for found in alike)
    text = (
        f"Each step should gather {asked} different micro-batches; in {len(alike)} of {len(several)} watched steps "
        f"the same one went backward {size} times."
    )
    return Found(text, (facts.line_of("F"),), {"steps": len(several), "rows": backs[0].rows, "repeats": size})


def _same(rows: int, steps: int, facts: Facts, line: int) -> Found:
    text = f"The training steps ({steps} of them) were all fed the very same {rows} samples."
    draws = [item.line for item in facts.of(trace.Pass) if item.line]
    return Found(
        text, (line or facts.line_of("F"), *draws[:1]), {"steps": steps, "rows": rows, "distinct_batches": 1}
    )


@check("not-shuffled")
def not_shuffled(facts: Facts) -> Verdict:
    """The same order in every pass of a loader that is trained on, or of slices cut by hand."""
    by_loader: dict[int, list[trace.Pass]] = defaultdict(list)
    passes = [item for item in training_passes(facts) if item.batches >= 2 and item.head]
    for item in passes:
        by_loader[item.loader].append(item)
    for of_one in [*by_loader.values(), _same_content(passes)]:
        full = [item for item in of_one if item.finished and item.trained == item.batches]
        if len(full) >= 2 and all(_same_order(one, two) for one, two in pairwise(full)):
            return _ordered(full, facts)
    feed = facts.last(trace.Feed)
    if feed is not None and feed.fresh in (0, feed.period) and feed.period > 1 and facts.samples:
        covered = feed.period * feed.rows / facts.samples
        if 0.85 <= covered <= 1.15:
            text = (
                f"The {feed.period} batches of an epoch came in the same order every time, "
                f"in all {feed.steps} steps that were compared."
            )
            return Found(
                text, (feed.line or facts.line_of("F"),), {"period": feed.period, "steps": feed.steps}
            )
    return Clear()


def _same_order(one: trace.Pass, two: trace.Pass) -> bool:
    """The same indices, and the same data behind them: a data set may permute or change what it gives."""
    return one.order == two.order and one.first == two.first


def _same_content(passes: list[trace.Pass]) -> list[trace.Pass]:
    """Passes of different loaders whose first batches hold the same data in the same order."""
    first = [item for item in passes if item.first]
    return first if len({item.first for item in first}) == 1 else []


def _ordered(full: list[trace.Pass], facts: Facts) -> Found:
    how = "counting up from the first sample" if full[0].ascending else "in the same order"
    text = f"{len(full)} passes over the training data drew all {full[0].rows} samples {how}, every time."
    loader = next((item for item in facts.of(trace.Loader) if item.id == full[0].loader), None)
    lines = (loader.line if loader else 0, full[0].line)
    return Found(text, lines, {"passes": len(full), "samples": full[0].rows})
