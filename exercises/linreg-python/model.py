"""What linreg-python hands to the student's function, and how it is called: twice, on different numbers of points."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np

from sandbox.recorded.draws import Places, noted, record_modules
from sandbox.recorded.lines import counted_lines
from sandbox.recorded.notes import Notes
from sandbox.recorded.numbers import recorded_points
from sandbox.student import Student

NAMES = ("data", "epochs", "batch_size", "lr")


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, Any]:
    """The points and what both calls of `train(data, epochs, batch_size, lr)` share.

    `seeds` holds "order": it seeds Python's `random`, and numpy's global generator for those who use it.
    """
    record_modules()
    random.seed(seeds.get("order", 0))
    np.random.seed(seeds.get("order", 0) % 2**32)
    x, y = (np.load(data / f"{name}.npy", allow_pickle=False).tolist() for name in ("x", "y"))
    return {"x": x, "y": y, **parameters}


def drive(student: Student, given: dict[str, Any]) -> None:
    """Call the student's function; its data, its shuffles and its lines note what is done with them."""
    function = student.get("train")
    for case, count in (("even", given["even"]), ("uneven", given["samples"])):
        notes = Notes()
        x, y = given["x"][:count], given["y"][:count]
        data = recorded_points(x, y, notes)
        arguments = (data, given["epochs"], given["batch_size"], given["lr"])
        with noted(Places(x, y, notes)), counted_lines(function, notes):
            student.call("train", *arguments, names=NAMES, case=case, notes=notes.lists)
