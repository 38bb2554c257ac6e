"""Findings about the loss and the graph behind it."""

from __future__ import annotations

from grader.checks.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "softmax-before-cross-entropy": Entry(
        "error",
        "Probabilities go into a cross-entropy that expects logits",
        "Cross-entropy applies a softmax of its own.  A second one squeezes all scores together: the gradients "
        "become small and the loss cannot come near zero.",
        "Give the model's raw scores to the loss, without softmax.",
    ),
    "non-finite-loss": Entry(
        "error",
        "The loss becomes infinite or not a number",
        "From the first nan on, every gradient and every parameter is nan too; nothing can be learnt any more.",
        "Look at how the loss is computed at the first bad step: a division by zero, a logarithm of zero or less, "
        "or too high a learning rate.",
    ),
    "graph-leak": Entry(
        "warning",
        "Every step's graph is kept in memory",
        "A loss tensor holds on to the graph it was computed with.  Collecting such tensors keeps all graphs "
        "alive, and memory grows with every step.",
        "Look for where this loss, or a sum of losses, is kept, and keep a number instead: `loss.item()`, or "
        "`loss.detach()` while still on the device.",
        explains=False,
    ),
    "sync-every-step": Entry(
        "note",
        "`.item()` in every step (a hint, it costs no points)",
        "On a GPU each `.item()` waits until all work is done.  On a CPU it costs next to nothing.",
        "Add up `loss.detach()` and call `.item()` once per epoch.",
    ),
}
