"""The check of how much of the data an epoch trains on, for loops over DataLoaders."""

from __future__ import annotations

from collections import defaultdict

from grader.checks.feeding import training_passes
from grader.checks.registry import Clear, Facts, Found, Verdict, check
from sandbox import trace

_NEARLY_ALL = 0.95
_FEWEST = 2
_MOST_TRAINED = 0.75


@check("partial-epoch")
def partial_epoch(facts: Facts) -> Verdict:
    """Pass after pass over a loader, the last apart, that trains on fewer batches than its data fill.

    A loop that trains on as many rows as whole epochs would, from however many iterators, is not meant.
    """
    loaders = {loader.id: loader for loader in facts.of(trace.Loader)}
    wanted = facts.epochs
    if not wanted or _epochs_of_rows(facts, loaders) >= _NEARLY_ALL * wanted:
        return Clear()
    by_loader: dict[int, list[trace.Pass]] = defaultdict(list)
    for item in training_passes(facts):
        by_loader[item.loader].append(item)
    for number, passes in by_loader.items():
        loader = loaders.get(number)
        early = passes[:-1]
        if loader is None or loader.size <= 0 or loader.batch_size <= 0 or len(early) < _FEWEST:
            continue
        whole = loader.size // loader.batch_size
        left_out = loader.batch_size if _only_trained(facts, number, passes) else 0
        if all(_left_early(item, whole) or _left_out(item, left_out) for item in early):
            return _partial(early, whole)
    return Clear()


def _epochs_of_rows(facts: Facts, loaders: dict[int, trace.Loader]) -> float:
    """How many times the data went through, by the rows that were trained on."""
    by_pass = 0.0
    for item in training_passes(facts):
        loader = loaders.get(item.loader)
        if loader is not None and loader.size > 0 and item.batches:
            by_pass += item.rows / loader.size * min(1.0, item.trained / item.batches)
    end = facts.last(trace.End)
    by_rows = end.trained_rows / facts.samples if end is not None and facts.samples else 0.0
    return max(by_pass, by_rows)


def _left_early(item: trace.Pass, whole: int) -> bool:
    """Whether a pass ended before the loader's whole batches were through, or left a good part of them untrained.

    Of a finished pass only batches whose loss never went backward count as left out, and only where they are
    more than a validation part would be.
    """
    if not item.finished:
        return item.batches < whole
    return 0 < item.loss_rows < _MOST_TRAINED * item.rows and item.trained < _MOST_TRAINED * whole


def _only_trained(facts: Facts, loader: int, passes: list[trace.Pass]) -> bool:
    """Whether all forwards on a loader's batches were trained on, one for each batch that was."""
    uses = [use for use in facts.of(trace.ForwardUse) if use.loader == loader]
    trained = sum(item.trained for item in passes)
    return sum(use.calls for use in uses) == sum(use.trained for use in uses) == trained > 0


def _left_out(item: trace.Pass, batch_size: int) -> bool:
    """Whether a finished pass drew a whole batch (0: of unknown size) with which nothing was done at all."""
    return item.finished and item.loss_rows > 0 and item.rows - item.loss_rows >= batch_size > 0


def _partial(early: list[trace.Pass], whole: int) -> Found:
    most = max(min(item.batches, item.trained) for item in early)
    text = (
        f"In each of {len(early)} epochs at most {most} of {whole} batches were trained on; the rest of the data "
        "was left out."
    )
    return Found(text, (early[0].line,), {"epochs": len(early), "most_batches": most, "batches": whole})
