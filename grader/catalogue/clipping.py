"""Findings about gradient clipping: when, whether, and of what."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "clip-before-backward": Entry(
        "error",
        "Gradients are clipped before they are complete",
        "Clipping shortens what is in `.grad` at that moment.  Before the last backward pass that is nothing, an old "
        "gradient, or a part; what comes after it is not clipped.",
        "Clip once per step, between the last `backward()` and `step()`.",
        computes="a loop that clips before the backward pass",
    ),
    "clip-after-step": Entry(
        "error",
        "Gradients are clipped after the step has used them",
        "The step has already moved the parameters by the full gradient; clipping it afterwards changes nothing.",
        "Move the clip between `backward()` and `step()`.",
        computes="a loop that clips after the step",
    ),
    "clip-before-unscale": Entry(
        "error",
        "Gradients are clipped while they are still scaled",
        "A scaled gradient is thousands of times as long as the true one, so the limit cuts it down every time; once it "
        "is unscaled, next to nothing is left, and the model hardly learns.",
        "Call `scaler.unscale_(optimizer)` after the backward pass and before the clip; `scaler.step(optimizer)` then "
        "knows that it is done.",
        computes="a loop that clips gradients that are still scaled",
    ),
    "missing-clip": Entry(
        "error",
        "Gradients are not clipped",
        "One unlucky batch can have a gradient many times as long as usual; without a limit, a single step can undo "
        "what was learnt.",
        "Call `torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)` between `backward()` and `step()`.",
        computes="a loop that never clips",
    ),
}
