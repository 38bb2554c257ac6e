"""Findings about mixed precision: the gradient scaler."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "scaler-bypassed": Entry(
        "error",
        "The step does not use the true gradient",
        "A scaler multiplies the loss, so that small gradients survive in 16 bits, and its step divides by the same "
        "number.  With one half missing, every step is thousands of times too long, or next to nothing.",
        "Scale and step through the scaler: `scaler.scale(loss).backward()`, then `scaler.step(optimizer)`, which "
        "unscales by itself unless `scaler.unscale_(optimizer)` has done so, and leaves out a step whose gradients "
        "overflowed.",
        computes="a loop that goes round the scaler",
    ),
    "scaler-update-missing": Entry(
        "error",
        "The scale is never adapted",
        "The scale starts high on purpose: steps that overflow are left out, and `update()` lowers it until they fit.  "
        "Without it the scale stays where it is, and a scaler refuses a second step.",
        "Call `scaler.update()` once after every `scaler.step(optimizer)`, and make the scaler once, before the loop.",
    ),
}
