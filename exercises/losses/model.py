"""What losses hands to the student's two functions: built in the sandbox from the drawn cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, Any]:
    """The drawn cases, by the function they are for."""
    cases: dict[str, Any] = json.loads((data / "cases.json").read_text(encoding="utf-8"))
    return cases


def drive(student: Any, given: dict[str, Any]) -> None:
    """Call both functions once for each of their cases, each time with arrays of its own.

    JSON keeps whole numbers apart from others, so the arrays are int64 or float64 as they were drawn.
    """
    for item in given["cross_entropy"]:
        target = item["target"] if isinstance(item["target"], int) else np.array(item["target"])
        arguments = np.array(item["logits"]), target
        student.call("cross_entropy", *arguments, names=("logits", "target"), case=item["case"])
    for item in given["mse"]:
        arguments = np.array(item["pred"]), np.array(item["target"])
        student.call("mse", *arguments, names=("pred", "target"), case=item["case"])
