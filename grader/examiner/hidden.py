"""An exercise's task.py at work: drawing a challenge's data, and measuring weights on the hidden files."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from grader.errors import BadExercise
from grader.exercise import Exercise, load_exercise
from grader.gate import check_weights

Files = dict[str, bytes]
Parameters = dict[str, int | float | str]


@lru_cache(maxsize=8)
def load_task(slug: str) -> ModuleType:
    """The exercise's task.py as a module.  Raises BadExercise when it cannot be imported."""
    path = load_exercise(slug).folder / "task.py"
    spec = importlib.util.spec_from_file_location(f"metronome_task_{slug.replace('-', '_')}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise BadExercise(f"{path} is missing.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BadExercise(f"{path}: {type(error).__name__}: {error}") from error
    return module


def draw(exercise: Exercise, seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, Parameters]:
    """Training files, hidden files and parameters of one challenge; `seeds` holds "train" and "hidden"."""
    training, hidden, parameters = load_task(exercise.slug).draw(seeds, real)
    return training, hidden, parameters


def measure(
    exercise: Exercise, weights: bytes, hidden: Files, scale: float, shift: float
) -> tuple[dict[str, float], int]:
    """The metrics of gated safetensors weights on the hidden files, and on how many samples."""
    arrays = check_weights(weights, exercise.graded.shapes)
    metrics, samples = load_task(exercise.slug).evaluate(arrays, hidden, scale, shift)
    return {name: float(value) for name, value in metrics.items()}, int(samples)
