"""Findings about the optimizer: whose parameters it holds, how long it lives, its numbers."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "optimizer-foreign-parameters": Entry(
        "error",
        "The optimizer holds the parameters of another model",
        "An optimizer changes only the tensors it was given.  If they belong to a copy or to another model, the "
        "model that gets the gradients never moves.",
        "Build the optimizer from the parameters of the very model that you train, after any copying.",
    ),
    "optimizer-missing-parameters": Entry(
        "error",
        "Part of the model is in no optimizer",
        "An optimizer changes only the tensors it was given.  What is left out gets gradients and keeps its initial "
        "values for ever.",
        "Give the optimizer all that is to be trained: `model.parameters()`.  What is meant to stay as it is should "
        "say so: `requires_grad_(False)`.",
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
        computes="a loop with other numbers than asked for",
    ),
}
