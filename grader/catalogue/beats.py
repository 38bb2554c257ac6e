"""Findings about the order of beats: zero_grad, backward, step, and gathering gradients."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "missing-backward": Entry(
        "error",
        "No gradients are computed",
        "Without a backward pass there are no gradients, so no step can know which way to go.",
        "Call `loss.backward()` once for every batch, after the loss and before `optimizer.step()`.",
        computes="a loop without a backward pass",
    ),
    "missing-step": Entry(
        "error",
        "The parameters are never updated",
        "Gradients only say which way to go; it is the step that changes the parameters.",
        "Call `optimizer.step()` once for every batch, after `loss.backward()`; by hand, `w -= lr * dw`.",
        computes="a loop that never moves its parameters",
    ),
    "missing-zero-grad": Entry(
        "error",
        "Gradients are not cleared before each step",
        "`backward()` adds to what is already in `.grad`.  Without clearing, a step follows the sum of all gradients "
        "since the last clearing: ten steps on, the effective learning rate is ten times what you asked for, and "
        "most of the direction is that of old batches.",
        "Call `optimizer.zero_grad()` once per step, anywhere before the next `backward()`.  Where you add gradients up "
        "by hand, start from zero in every batch.",
        computes="a loop that never clears gradients",
    ),
    "zero-grad-after-backward": Entry(
        "error",
        "Gradients are cleared before the step can use them",
        "The step then finds no gradient and changes nothing: the model does not learn at all.",
        "Move `zero_grad()` before `backward()`, or after `step()`; between the two it throws the gradient away.",
        computes="a loop that clears gradients between backward and step",
    ),
    "step-before-backward": Entry(
        "error",
        "The step comes before the backward pass",
        "When `step()` runs before this batch's `backward()`, it uses the previous batch's gradient, or none.  "
        "The first step moves nothing, and all later ones follow stale gradients.",
        "Put `loss.backward()` before `optimizer.step()`.",
        computes="a loop that steps before each batch's backward",
    ),
    "double-step": Entry(
        "error",
        "The same gradient is used for two steps",
        "A second `step()` without a new `backward()` goes the same way once more: twice the learning rate you "
        "asked for, on half of the information.",
        "Call `optimizer.step()` once for every `backward()`.",
        computes="a loop that steps twice with each gradient",
    ),
    "accumulation-not-averaged": Entry(
        "error",
        "Accumulated gradients are summed, not averaged",
        "The loss of each micro-batch is already an average.  Adding K of them without dividing makes the step "
        "K times as long as that of one big batch.",
        "Divide each micro-batch's loss by the number of micro-batches before `backward()`.",
        computes="a loop that sums gradients and does not average them",
    ),
    "zero-grad-in-micro-batch": Entry(
        "error",
        "Of several batches, only the last one's gradient is used",
        "Micro-batches are there to add their gradients up.  Cleared or replaced before each of them, all but the last "
        "are thrown away, and the work for them was for nothing.",
        "Call `zero_grad()` once per step, outside the loop over the micro-batches.  Where every batch is to have a step "
        "of its own, put the step into the loop.",
        computes="a loop that clears gradients before every micro-batch",
    ),
    "step-in-micro-batch": Entry(
        "error",
        "There is a step after every micro-batch",
        "The gradients are still adding up, so the first micro-batch is used again in every step of its window, and "
        "the model moves on before the window is complete.",
        "Call `step()` once, after the loop over the micro-batches.  Where every batch is to have a step of its own, "
        "clear the gradients for every batch, too.",
        computes="a loop that steps after every micro-batch",
    ),
    "accumulation-tail-dropped": Entry(
        "warning",
        "The last micro-batches of an epoch are lost",
        "When the number of batches is no multiple of the window, some are left over.  Their gradients were computed, "
        "but no step uses them, so part of the data is not learnt from.",
        "After the loop over the batches, step once more if gradients are left, each averaged over their number.",
        explains=False,
    ),
    "double-backward": Entry(
        "error",
        "The same loss goes backward twice",
        "`backward()` adds to the gradients, so a second one on the same loss doubles them: the step is twice as long "
        "as you asked for.",
        "Call `loss.backward()` once for every loss.  A loop that needs `retain_graph=True` mostly does not.",
        computes="a loop that goes backward twice for each batch",
    ),
}
