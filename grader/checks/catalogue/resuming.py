"""Findings about checkpoints, resuming and early stopping."""

from __future__ import annotations

from grader.checks.catalogue.entry import Entry

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
}
