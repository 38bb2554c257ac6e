"""What gradients-by-hand asks the student's two functions: built in the sandbox from the drawn cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, Any]:
    """The drawn cases, by the function they are for."""
    cases: dict[str, Any] = json.loads((data / "cases.json").read_text(encoding="utf-8"))
    return cases


def drive(student: Any, given: dict[str, Any]) -> None:
    """Call both functions once for each of their cases."""
    for item in given["shapes"]:
        student.call(
            "shapes", item["batch"], list(item["sizes"]), names=("batch", "sizes"), case=item["case"]
        )
    for item in given["gradients"]:
        arguments = item["w"], item["b"], item["x"], item["target"]
        student.call("gradients", *arguments, names=("w", "b", "x", "target"), case=item["case"])
