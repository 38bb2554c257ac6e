"""Findings about checkpoints, resuming and early stopping."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "checkpoint-incomplete": Entry(
        "error",
        "The checkpoint does not hold all that is needed",
        "A run that continues needs all that the next step depends on: the weights, the optimizer's state (momentum, "
        "moments), the scheduler's, and which epoch comes next.  And it needs a file that is whole, even when the "
        "run was killed while it was writing one.",
        "Save a dict with the state dicts of model, optimizer and scheduler and the epoch, and load all of them.  "
        "Write it to another name first, then put it in place with `os.replace`.",
        explains=False,
    ),
    "resume-diverges": Entry(
        "error",
        "A resumed run ends elsewhere than one that goes through",
        "Interrupting a run must not change its result.  Where an epoch is done twice, left out, or fed in another "
        "order, it does, and nobody notices.",
        "Save at one moment, after the epoch's last step and after `scheduler.step()`; continue with the epoch after "
        "the one that was saved, and call `loader.set_epoch(epoch)` with its number.",
        explains=False,
    ),
    "best-weights-aliased": Entry(
        "error",
        "The best weights were kept without a copy",
        "`state_dict()` gives the model's own tensors, not a copy of them.  Every later step changes them too, so "
        "that loading them back loads the weights the model has already.",
        "Keep a copy: `copy.deepcopy(model.state_dict())`, or clone every tensor.",
    ),
    "best-weights-not-restored": Entry(
        "error",
        "The model does not end with its best weights",
        "After the best epoch training went on for a while, and the model got worse.  Stopping early is only worth "
        "it when the best weights come back.",
        "Copy the weights at every new best, and call `model.load_state_dict(best)` after the loop, however it ended.",
        computes="a loop that ends with its last weights, not with its best",
    ),
    "early-stopping-wrong": Entry(
        "error",
        "Training stops at the wrong moment, names the wrong epoch, or goes back too soon",
        "Patience says how many epochs in a row may pass without a new best.  Counted otherwise, training ends too "
        "early or too late, or the best epoch is another.  And where every epoch without a new best begins at the best "
        "weights again, training never gets past them.",
        "Keep the lowest loss so far.  A lower one sets the count to 0, any other adds 1, and when the count reaches "
        "`patience` training ends.  Then load the best weights, and return the index of the lowest, counted from 0.",
        computes="a loop that stops at another epoch",
    ),
}
