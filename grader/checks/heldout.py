"""Checks of held-out data, and which loaders give them: by the signature, by what was observed, by their use."""

from __future__ import annotations

import re

from grader.checks.registry import Clear, Facts, Found, Verdict, check
from sandbox import trace

HELD_OUT = ("val", "test", "held", "dev")  # what the names of such loaders begin with


def held_out(facts: Facts) -> set[int]:
    """The numbers of the loaders that the exercise keeps for validation or testing.

    A loader of the student's own counts when it goes over the same data, or over as many samples as only those are.
    """
    loaders = facts.of(trace.Loader)
    given = [loader for loader in loaders if loader.given]
    names = re.findall(r"\b\w*loader\b", (facts.exercise.signature or "").partition("->")[0])
    found = {observed.loader for observed in facts.of(trace.Observed)}
    if len(names) == len(given):
        found |= {item.id for name, item in zip(names, given, strict=True) if name.startswith(HELD_OUT)}
    sizes = {loader.size for loader in given if loader.id in found and loader.size > 0}
    sizes -= {loader.size for loader in given if loader.id not in found}
    return found | {loader.id for loader in loaders if not loader.given and loader.size in sizes}


def only_evaluated(facts: Facts) -> set[int]:
    """The numbers of loaders none of whose batches was trained on, where batches of another were."""
    passes = facts.of(trace.Pass)
    trained = {item.loader for item in passes if item.trained}
    return {item.loader for item in passes} - trained if trained else set()


@check("trains-on-held-out")
def trains_on_held_out(facts: Facts) -> Verdict:
    """Held-out data among what a step's gradients were computed from: rows by content, else batches by loader."""
    origins = facts.of(trace.Origin)
    bad = [origin for origin in origins if origin.rows.get("held-out", 0)]
    if not bad:
        return _by_loader(facts)
    held = sum(origin.rows["held-out"] for origin in bad)
    total = sum(sum(origin.rows.values()) for origin in origins)
    text = (
        f"Of {total} training samples that were traced back to their files, {held} came from the {_set(facts)} set; "
        f"the first were trained on at step {bad[0].at_step + 1}."
    )
    return Found(text, (bad[0].line,), {"traced": total, "held_out": held})


def _by_loader(facts: Facts) -> Verdict:
    """Batches of a held-out loader in forwards and passes whose gradients a step used."""
    held = held_out(facts)
    passes = [item for item in facts.of(trace.Pass) if item.loader in held and item.trained]
    uses = [use for use in facts.of(trace.ForwardUse) if use.trained]
    forwards = [use for use in uses if use.loader in held]
    if not passes or (uses and not forwards):
        return Clear()
    batches = sum(item.trained for item in passes)
    text = (
        f"{batches} batches of the {_set(facts)} loader gave gradients that a step used, the first in the pass "
        f"that began after step {passes[0].at_step}."
    )
    lines = (passes[0].line, *(use.line for use in forwards))
    return Found(text, lines, {"held_out_batches": batches})


def _set(facts: Facts) -> str:
    return "validation" if "val_loader" in (facts.exercise.signature or "") else "test"


@check("held-out-shuffled")
def held_out_shuffled(facts: Facts) -> Verdict:
    """A loader of data that are never trained on, which gives them in an order drawn at random."""
    loaders = {loader.id: loader for loader in facts.of(trace.Loader)}
    trained = {
        loaders[item.loader].size for item in facts.of(trace.Pass) if item.trained and item.loader in loaders
    }
    held = held_out(facts)
    for item in facts.of(trace.Pass):
        loader = loaders.get(item.loader)
        if loader is None or item.trained or item.ascending or not item.head or not item.finished:
            continue
        evaluated = loader.id in held or (loader.id in only_evaluated(facts) and loader.size not in trained)
        if evaluated and item.batches > 1 and loader.sampler == "RandomSampler":
            text = f"The {loader.size} held-out samples were drawn in a random order."
            return Found(text, (loader.line, item.line), {"samples": loader.size})
    return Clear()
