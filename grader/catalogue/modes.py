"""Findings about training and evaluation mode, and gradients in evaluation."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "train-in-eval-mode": Entry(
        "error",
        "The model is trained in evaluation mode",
        "In evaluation mode dropout drops nothing, and batch norm neither looks at the batch nor updates its running "
        "averages.  The model is then trained as another one than you built.",
        "Call `model.train()` at the start of every epoch: `model.eval()` lasts until the next `model.train()`.",
        computes="a loop that trains in evaluation mode",
    ),
    "eval-in-train-mode": Entry(
        "error",
        "The model is evaluated in training mode",
        "In training mode dropout drops units at random, and batch norm uses the batch at hand and lets it move the "
        "running averages.  The numbers are then not those of the model you have, and held-out data leak into it.",
        "Call `model.eval()` before you evaluate, and `model.train()` before you train on.",
        computes="a loop that validates in training mode",
    ),
    "eval-builds-graph": Entry(
        "warning",
        "Evaluation records a graph that nobody uses",
        "Each forward pass keeps what a backward pass would need.  In evaluation none follows: it costs memory and "
        "time, and changes no number.",
        "Evaluate inside `with torch.no_grad():` (or under the decorator `@torch.no_grad()`).",
        explains=False,
    ),
}
