"""What batches-from-scratch does with the student's function: several epochs over each drawn case."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("x", "y", "batch_size", "shuffle", "drop_last", "rng")
SPARE = 3
"""Batches that are looked at beyond one for every sample: a loop without end must not fill the memory."""


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, Any]:
    """The drawn cases and the table that they take their rows from."""
    cases = json.loads((data / "cases.json").read_text(encoding="utf-8"))
    table = {name: np.load(data / f"{name}.npy", allow_pickle=False) for name in ("x", "y")}
    return {"cases": cases, **table}


def drive(student: Any, given: dict[str, Any]) -> None:
    """Go through every epoch of every case; each case has a generator of its own, each epoch its own arrays."""
    for case in given["cases"]:
        rng = np.random.default_rng(case["seed"])
        for epoch in range(case["epochs"]):
            x = given["x"][: case["samples"]].copy()
            y = given["y"][: case["samples"]].copy()
            if case["flat"]:
                x = x[:, 0].copy()
            before = x.copy(), y.copy()
            arguments = x, y, case["batch_size"], case["shuffle"], case["drop_last"], rng
            value = student.call("batches", *arguments, names=NAMES, record=False, generator=True)
            drawn, more = _drawn(value, case["samples"] + SPARE)
            same = (np.array_equal(array, old) for array, old in zip((x, y), before, strict=True))
            changed = [name for name, kept in zip(("x", "y"), same, strict=True) if not kept]
            label = f"{case['case']}, epoch {epoch + 1}"
            student.record("batches", drawn, case=label, mutated=changed, notes={"more": [more]})


def _drawn(value: Any, most: int) -> tuple[Any, bool]:
    """The batches of an iterable, copied as they come, at most so many, and whether there were more.

    Something that cannot be iterated comes back as it is.
    """
    try:
        iterator = iter(value)
    except TypeError:
        return value, False
    drawn = [_copied(batch) for batch in itertools.islice(iterator, most)]
    return drawn, len(drawn) == most


def _copied(batch: Any) -> Any:
    """A batch as it is now: the next one may use the same memory."""
    return tuple(_array(part) for part in batch) if isinstance(batch, (tuple, list)) else _array(batch)


def _array(part: Any) -> Any:
    """Numbers as an array of their own; anything else as it is."""
    try:
        numbers = np.array(part)
    except (TypeError, ValueError, RuntimeError):
        return part
    return numbers if numbers.dtype.kind in "iuf" else part
