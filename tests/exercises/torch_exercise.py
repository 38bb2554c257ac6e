"""Challenges of an exercise with a torch loop, run bare: without sandbox, spies or examiner."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from grader.exercise import Exercise


def load(path: Path) -> ModuleType:
    """A file as a module."""
    spec = importlib.util.spec_from_file_location(
        f"exercise_{path.parent.name}_{path.stem}".replace("-", "_"), path
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seeds(number: int) -> dict[str, int]:
    """Four independent seeds, as wide as a challenge's."""
    words = np.random.SeedSequence(number).generate_state(32)
    wide = [int.from_bytes(words[start : start + 8].tobytes(), "big") for start in range(0, 32, 8)]
    return {"train": wide[0], "hidden": wide[1], "init": wide[2] >> 193, "order": wide[3] >> 193}


class Challenge:
    """One challenge, laid out in a folder, with the arguments built from it."""

    def __init__(self, exercise: Exercise, number: int, folder: Path) -> None:
        self.task, model = load(exercise.folder / "task.py"), load(exercise.folder / "model.py")
        training, self.hidden, self.parameters = self.task.draw(seeds(number), None)
        for name, content in training.items():
            (folder / name).write_bytes(content)
        self.arguments: dict[str, Any] = model.make(folder, seeds(number), self.parameters)

    def accuracy(self) -> float:
        """Of the model as it is, on the hidden points."""
        model: torch.nn.Module = self.arguments["model"]
        weights = [parameter.detach().double().numpy() for parameter in model.parameters()]
        metrics, samples = self.task.evaluate(weights, self.hidden, 1.0, 0.0)
        assert samples >= 1_000
        return float(metrics["accuracy"])

    def trained(self, loop: Path) -> float:
        """The accuracy after a file's train function."""
        load(loop).train(*self.arguments.values())
        return self.accuracy()
