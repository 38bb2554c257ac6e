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
RARE_GRAPH = "only one graph of several backwards is kept, and graphs are counted in a row"
OWN_BLEND = (
    "3 % of a blended loss are cut off; the rest is a right loss, and how a blend is weighed nobody stated"
)
OWN_CYCLES = "who sets the rate on the groups himself may let it go up and down as often as he likes"
KNOWN: tuple[Missed, ...] = (
    Missed("production-template", "rate_by_hand", "val_loader for `train_loader` (line 13)", OWN_CYCLES),
    Missed("circles", "mixed_samples", "behind `criterion(scores, y[other])`", OWN_BLEND),
    Missed("linreg-torch", "sharpness_aware", "`optimizer.zero_grad()` (line 13)", OWN_RULE),
    Missed("linreg-torch", "sharpness_aware", "climb", OWN_RULE),
    Missed("linreg-torch", "sharpness_aware", "move `optimizer.step()` (line 25) before line 20", OWN_RULE),
    Missed("linreg-torch", "sharpness_aware", "before `criterion(model(x), y)` (line 12)", OWN_RULE),
    Missed("linreg-torch", "sharpness_aware", "no .item() in `loss.item()`", RARE_GRAPH),
    Missed("linreg-torch", "two_losses", "no .item() in `squared.item()`", RARE_GRAPH),
    Missed("linreg-torch", "loss_in_two_halves", "no .item() in `loss.item()`", RARE_GRAPH),
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
