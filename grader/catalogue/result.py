"""Findings about the measured result."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "accuracy-below-threshold": Entry(
        "error",
        "The trained model is not good enough on data it never saw",
        "The hidden test measures what the model has learnt, on data that are not in your files.",
        "Mend the other findings first.  If there are none: print the shapes of prediction and target, check that "
        "inputs and labels belong together, and look whether the loss falls.",
    ),
    "prepared-weights": Entry(
        "error",
        "The model could do its task before it was trained",
        "The loop is to teach a new model. First weights that read the data already were learnt somewhere else, and show "
        "nothing of what the loop does.",
        "Make a new model, and leave its weights as torch draws them.",
    ),
}
