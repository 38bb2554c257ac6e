"""Findings about the data: batches, passes, order, and where samples come from."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
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
        computes="a loop that trains on one batch again and again",
    ),
    "partial-epoch": Entry(
        "error",
        "Every epoch leaves out a part of the data",
        "One epoch is one pass over all of the data.  What is skipped in each of them teaches the model nothing, or "
        "less than it could.",
        "Let the inner loop run to the end of the data: no `break`, no slice of the batches, and a range that "
        "reaches the last batch.",
        computes="a loop that leaves out a part of each epoch",
    ),
    "not-shuffled": Entry(
        "error",
        "The training data come in the same order every epoch",
        "With a fixed order every epoch repeats the same sequence of updates, and the model can learn the order "
        "instead of the data.",
        "Shuffle the training set anew each epoch: `DataLoader(train_set, batch_size=…, shuffle=True)`, or "
        "a new permutation of the indices where you cut the batches yourself.",
        computes="a loop that takes the data in the same order in every epoch",
    ),
    "held-out-shuffled": Entry(
        "note",
        "Held-out data are shuffled (a hint, it costs no points)",
        "An average does not depend on the order, so nothing is wrong.  But a fixed order lets you compare single "
        "samples from epoch to epoch.",
        "Make the loader of the held-out data without `shuffle=True`.",
        explains=False,
    ),
    "trains-on-held-out": Entry(
        "error",
        "The model is trained on held-out data",
        "Data kept for testing can only tell how good a model is while the model has not learnt from them.",
        "Train on the training set only; keep the test set for measuring.",
        computes="a loop that trains on the held-out data",
    ),
}
