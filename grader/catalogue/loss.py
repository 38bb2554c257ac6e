"""Findings about the loss and the graph behind it."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "softmax-before-cross-entropy": Entry(
        "error",
        "Probabilities go into a cross-entropy that expects logits",
        "Cross-entropy applies a softmax of its own.  A second one, or a sigmoid, squeezes all scores together: the "
        "gradients become small and the loss cannot come near zero.",
        "Give the model's raw scores to the loss, without softmax or sigmoid.",
        computes="a loop with a softmax before the cross-entropy",
    ),
    "logits-into-nll": Entry(
        "error",
        "Raw scores go into a loss that expects log-probabilities",
        "`nll_loss` only picks out the number at the right class.  Without `log_softmax` nothing holds the scores "
        "together, and the loss falls without end while the model learns little.",
        "Use `cross_entropy` on the raw scores, or `log_softmax` before `nll_loss`.",
    ),
    "loss-shape-broadcast": Entry(
        "error",
        "Predictions and targets have shapes that do not match",
        "A difference of shapes (16, 1) and (16,) has 256 numbers: every prediction is compared with every target.  "
        "The best answer then is the mean of all targets.",
        "Give both the same shape before the loss, for example with `y.view_as(prediction)`.",
        computes="a loss of every prediction with every target of its batch",
    ),
    "wrong-loss": Entry(
        "error",
        "The loss is not the one that the task asks for",
        "The loss says what the model shall learn.  Another loss leads to another model.",
        "Use the loss that the exercise hands in or names.",
    ),
    "loss-ignores-labels": Entry(
        "error",
        "The loss does not depend on the labels",
        "What the loss compares the predictions with is unrelated to the labels of the batch, so the model cannot "
        "learn them.",
        "Give the loss the labels that came with the batch, in the same order as its inputs.",
    ),
    "broken-graph": Entry(
        "error",
        "The gradient does not reach the model",
        "`detach()`, `.item()`, `.data`, `no_grad` or a new tensor made from a value cut the graph.  What lies "
        "before the cut gets no gradient and does not learn.",
        "Compute the loss from the model's own output, and take numbers out only after `backward()`.",
    ),
    "non-finite-loss": Entry(
        "error",
        "The loss becomes infinite or not a number",
        "From the first nan on, every gradient and every parameter is nan too; nothing can be learnt any more.",
        "Look at how the loss is computed at the first bad step: a division by zero, a logarithm of zero or less, "
        "or too high a learning rate.",
        computes="a loop whose loss overflows",
    ),
    "diverging-loss": Entry(
        "error",
        "The loss grows instead of falling",
        "When a step is too long it lands higher on the other side of the valley, and the next one higher still.  "
        "The same happens when the steps go uphill.",
        "Look at the sign of the loss and of the update, then at the size of the learning rate.",
        computes="a loop whose loss grows",
    ),
    "stalled-loss": Entry(
        "warning",
        "The loss does not move",
        "Steps were taken, but they are so short that after all of them the loss is where it was.",
        "Look at the learning rate and at whatever makes the loss or the gradients smaller.",
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
