"""The catalogue: every finding's title, severity, why it matters and how to mend it.  Slugs are public API."""

from __future__ import annotations

from dataclasses import dataclass

from grader.models import Severity


@dataclass(frozen=True)
class Entry:
    """One finding's fixed words.  A slug has one severity, always.

    `explains`: it can be the reason why a model turned out bad, so a bad model then needs no second finding.
    """

    severity: Severity
    title: str
    why: str
    fix: str
    explains: bool = True


CATALOGUE: dict[str, Entry] = {
    # ── the beats ────────────────────────────────────────────────────────────────────────────────
    "missing-backward": Entry(
        "error",
        "No gradients are computed",
        "Without a backward pass there are no gradients, so no step can know which way to go.",
        "Call `loss.backward()` once for every batch, after the loss and before `optimizer.step()`.",
    ),
    "missing-step": Entry(
        "error",
        "The parameters are never updated",
        "Gradients only say which way to go; it is the step that changes the parameters.",
        "Call `optimizer.step()` once for every batch, after `loss.backward()`.",
    ),
    "missing-zero-grad": Entry(
        "error",
        "Gradients are not cleared before each step",
        "`backward()` adds to what is already in `.grad`.  Without clearing, a step follows the sum of all gradients "
        "since the last clearing: ten steps on, the effective learning rate is ten times what you asked for, and "
        "most of the direction is that of old batches.",
        "Call `optimizer.zero_grad()` once per step, anywhere before the next `backward()`.",
    ),
    "zero-grad-after-backward": Entry(
        "error",
        "Gradients are cleared before the step can use them",
        "The step then finds no gradient and changes nothing: the model does not learn at all.",
        "Move `zero_grad()` before `backward()`, or after `step()`; between the two it throws the gradient away.",
    ),
    "step-before-backward": Entry(
        "error",
        "The step comes before the backward pass",
        "When `step()` runs before this batch's `backward()`, it uses the previous batch's gradient, or none.  "
        "The first step moves nothing, and all later ones follow stale gradients.",
        "Put `loss.backward()` before `optimizer.step()`.",
    ),
    "double-step": Entry(
        "error",
        "The same gradient is used for two steps",
        "A second `step()` without a new `backward()` goes the same way once more: twice the learning rate you "
        "asked for, on half of the information.",
        "Call `optimizer.step()` once for every `backward()`.",
    ),
    "accumulation-not-averaged": Entry(
        "error",
        "Accumulated gradients are summed, not averaged",
        "The loss of each micro-batch is already an average.  Adding K of them without dividing makes the step "
        "K times as long as that of one big batch.",
        "Divide each micro-batch's loss by the number of micro-batches before `backward()`.",
    ),
    # ── optimizers ───────────────────────────────────────────────────────────────────────────────
    "optimizer-foreign-parameters": Entry(
        "error",
        "The optimizer holds the parameters of another model",
        "An optimizer changes only the tensors it was given.  If they belong to a copy or to another model, the "
        "model that gets the gradients never moves.",
        "Build the optimizer from the parameters of the very model that you train, after any copying.",
    ),
    "optimizer-recreated": Entry(
        "warning",
        "The optimizer is made anew again and again",
        "Momentum and Adam's averages live in the optimizer.  A new one forgets them, so it always takes its "
        "very first step.",
        "Create the optimizer once, before the loop.",
    ),
    "wrong-hyperparameter": Entry(
        "error",
        "A number differs from what the exercise states",
        "The exercise fixes these numbers so that results can be compared; with other numbers it is another "
        "experiment.",
        "Use the value that the exercise states or hands in.",
    ),
    # ── data ─────────────────────────────────────────────────────────────────────────────────────
    "drained-iterator": Entry(
        "error",
        "The iterator is empty after the first epoch",
        "An iterator can be walked through once.  Made outside the epoch loop, it has nothing left from the "
        "second epoch on, and the loop body never runs again.",
        "Write `for batch in loader:` inside the epoch loop, so that each epoch asks the loader for a new "
        "iterator.",
    ),
    "same-batch-repeated": Entry(
        "error",
        "Every step trains on the same batch",
        "The model learns one batch by heart and never sees the rest of the data.",
        "Draw a new batch from the loader for every step.",
    ),
    "not-shuffled": Entry(
        "error",
        "The training data come in the same order every epoch",
        "With a fixed order every epoch repeats the same sequence of updates, and the model can learn the order "
        "instead of the data.",
        "Shuffle the training set anew each epoch: `DataLoader(train_set, batch_size=…, shuffle=True)`.",
    ),
    "trains-on-held-out": Entry(
        "error",
        "The model is trained on held-out data",
        "Data kept for testing can only tell how good a model is while the model has not learnt from them.",
        "Train on the training set only; keep the test set for measuring.",
    ),
    # ── loss and graph ───────────────────────────────────────────────────────────────────────────
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
    # ── the result ───────────────────────────────────────────────────────────────────────────────
    "accuracy-below-threshold": Entry(
        "error",
        "The trained model is not good enough on data it never saw",
        "The hidden test measures what the model has learnt, on data that are not in your files.",
        "Mend the other findings first.  If there are none: print the shapes of prediction and target, check that "
        "inputs and labels belong together, and look whether the loss falls.",
    ),
    # ── stops ────────────────────────────────────────────────────────────────────────────────────
    "unreadable-file": Entry(
        "error",
        "The file cannot be read as Python source",
        "Nothing could be run.",
        "Hand in one plain Python file, saved as UTF-8.",
    ),
    "syntax-error": Entry(
        "error",
        "The file is not valid Python",
        "Python reads the whole file before it runs any of it.",
        "Read the line named here and the one before it: a missing bracket, quote or colon.",
    ),
    "import-error": Entry(
        "error",
        "An import fails",
        "The sandbox holds Python's standard library, torch, torchvision, numpy and Pillow, and nothing else.",
        "Use only these packages, and check the spelling of the name.  Only this one file is handed in: put helpers "
        "into it.",
    ),
    "crashed": Entry(
        "error",
        "The program stops with an error",
        "The program stopped before it was finished, so it could not be judged.",
        "Run the file at home until it ends by itself; the last line named here is where it stopped.",
    ),
    "wrong-signature": Entry(
        "error",
        "The function cannot be called as the exercise says",
        "The grader calls your function with the arguments that the exercise names.",
        "Keep the function's name and parameters as the exercise gives them.",
    ),
    "timed-out": Entry(
        "error",
        "The program does not end in time",
        "The run was stopped at its deadline.  A loop that never ends looks the same as one that is very slow.",
        "Check that every loop ends: over epochs, over batches, and each `while`.",
    ),
    "memory-exceeded": Entry(
        "error",
        "The program uses too much memory",
        "The run was stopped at its memory limit.",
        "Look for lists that grow with every step, and for tensors that are much larger than they need to be.",
    ),
    "output-exceeded": Entry(
        "error",
        "The program prints too much",
        "The run was stopped because of its output.",
        "Print once per epoch, not in every step.",
    ),
}

STUDENT_ERRORS = ("unreadable-file", "syntax-error", "import-error", "crashed", "wrong-signature")
LIMITS = ("timed-out", "memory-exceeded", "output-exceeded")
