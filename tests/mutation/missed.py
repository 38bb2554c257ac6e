"""Bad mutants that the grader is known to miss, and why; docs/findings.md says it for readers ("What is missed").

Only a difference that no evidence of a single run can tell from a right loop belongs here.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.mutation.operators import Mutant


@dataclass(frozen=True)
class Missed:
    """Mutants of `file` (of any, where it is "") whose description contains `words`."""

    slug: str
    file: str
    words: str
    why: str


OWN_RULE = (
    "the gradient of the step is right; what the loop's own rule makes of the weights beside it nobody stated"
)
RARE_GRAPH = "one graph is kept of the many backwards of a closure's step, and a window sees few steps"
OWN_BLEND = (
    "3 % of a blended loss are cut off; the rest is a right loss, and how a blend is weighed nobody stated"
)
OWN_CYCLES = "who sets the rate on the groups himself may let it go up and down as often as he likes"
OWN_BATCHES = (
    "where the loop draws its batches ahead or cuts them out itself, gradients that are cleared unused may be "
    "those of an attack on the input"
)
TWO_SIZES = "windows of two sizes, each multiplied by its own: no one factor fits the steps"
SHIFTED = (
    "each step gathers two batches at the right weight, only one batch later; that left over at an epoch's end is "
    "one that may be dropped"
)
LENGTHENED = (
    "clipped by hand while the scale is in them, gradients get the length of the limit: a right clip, where they "
    "are longer"
)
SMALL_SCALE = "the scale falls too often, and what it costs is a rounding that 16 bits may have anyway"
OTHER_START = (
    "the loader draws its seed before the model is made, so the first weights are others, and no worse"
)
KNOWN: tuple[Missed, ...] = (
    Missed(
        "mnist-from-memory",
        "trainer_class",
        "`self.iterator = iter(self.loader)` (line 18) before",
        OTHER_START,
    ),
    Missed("production-template", "accumulation", "(line 19) behind line 20", SHIFTED),
    Missed(
        "mixed-precision", "clip_by_hand", "move `scaler.unscale_(optimizer)` (line 24) behind", LENGTHENED
    ),
    Missed(
        "mixed-precision", "unscale_by_hand", "`scaler.update(scale / 2)` (line 22) out of its", SMALL_SCALE
    ),
    Missed("linreg-torch", "accumulation_with_a_tail", "multiply instead", TWO_SIZES),
    Missed("linreg-torch", "accumulation_with_a_tail", "`optimizer.zero_grad()` (line 11) into", OWN_BATCHES),
    Missed("linreg-torch", "accumulation_with_a_tail", "`optimizer.step()` (line 16) out of", OWN_BATCHES),
    Missed("linreg-torch", "own_indices", "`optimizer.step()` (line 18) out of its block", OWN_BATCHES),
    Missed("production-template", "rate_by_hand", "val_loader for `train_loader` (line 13)", OWN_CYCLES),
    Missed("circles", "mixed_samples", "behind `criterion(scores, y[other])`", OWN_BLEND),
    Missed("linreg-torch", "sharpness_aware", "`optimizer.zero_grad()` (line 13)", OWN_RULE),
    Missed("linreg-torch", "sharpness_aware", "climb", OWN_RULE),
    Missed("linreg-torch", "sharpness_aware", "move `optimizer.step()` (line 25) before line 20", OWN_RULE),
    Missed("linreg-torch", "sharpness_aware", "before `criterion(model(x), y)` (line 12)", OWN_RULE),
    Missed("linreg-torch", "lbfgs", "no .item() in `optimizer.step(evaluate).item()`", RARE_GRAPH),
    Missed(
        "linreg-torch",
        "accumulation_of_four",
        "`parameter.grad.div_(waiting)` (line 17) out of its block, behind",
        "only one of two parameters is averaged, and a single number is a multiple of any other",
    ),
)


def known(mutant: Mutant) -> bool:
    """Whether a miss of this mutant is a known one."""
    return any(
        item.slug == mutant.slug and item.file in ("", mutant.file) and item.words in mutant.description
        for item in KNOWN
    )
