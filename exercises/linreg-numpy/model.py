"""What linreg-numpy hands to the student's function, and how it is called: twice, on different numbers of points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sandbox.recorded.arrays import recorded_arrays
from sandbox.recorded.draws import Places, RecordedGenerator, noted, record_modules
from sandbox.recorded.lines import counted_lines
from sandbox.recorded.notes import Notes
from sandbox.student import Student

NAMES = ("x", "y", "epochs", "batch_size", "lr", "rng")


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, Any]:
    """The points and what both calls of `train(x, y, epochs, batch_size, lr, rng)` share.

    `seeds` holds "order": it seeds the generator, and numpy's global one for those who use it.
    """
    record_modules()
    np.random.seed(seeds.get("order", 0) % 2**32)
    x, y = (np.load(data / f"{name}.npy", allow_pickle=False) for name in ("x", "y"))
    return {"x": x, "y": y, "rng": RecordedGenerator(np.random.PCG64(seeds.get("order", 0))), **parameters}


def drive(student: Student, given: dict[str, Any]) -> None:
    """Call the student's function; its arrays, its generator and its lines note what is done with them."""
    function = student.get("train")
    for case, count in (("even", given["even"]), ("uneven", given["samples"])):
        notes = Notes()
        x, y = given["x"][:count], given["y"][:count]
        arguments = (
            *recorded_arrays(x, y, notes),
            given["epochs"],
            given["batch_size"],
            given["lr"],
            given["rng"],
        )
        with noted(Places(x, y, notes)), counted_lines(function, notes):
            student.call("train", *arguments, names=NAMES, case=case, notes=notes.lists)
