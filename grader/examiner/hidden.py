"""An exercise's task.py at work: drawing a challenge's data, and measuring weights on the hidden files."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np

from grader.errors import BadExercise
from grader.examiner.answers import Answers, Judgement, read_answer
from grader.exercise import Exercise, load_exercise
from grader.gate import check_weights
from sandbox.inputs import Rows
from sandbox.trace import decode

Files = dict[str, bytes]
Parameters = dict[str, int | float | str]


@lru_cache(maxsize=8)
def load_task(slug: str) -> ModuleType:
    """The exercise's task.py as a module.  Raises BadExercise when it cannot be imported."""
    return _load(slug, "task")


@lru_cache(maxsize=8)
def load_model(slug: str) -> ModuleType:
    """The exercise's model.py as a module.  Raises BadExercise when it cannot be imported."""
    return _load(slug, "model")


def _load(slug: str, part: str) -> ModuleType:
    path = load_exercise(slug).folder / f"{part}.py"
    spec = importlib.util.spec_from_file_location(f"metronome_{part}_{slug.replace('-', '_')}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise BadExercise(f"{path} is missing.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BadExercise(f"{path}: {type(error).__name__}: {error}") from error
    return module


def draw(exercise: Exercise, seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, Parameters]:
    """Training files, hidden files and parameters of one challenge; `seeds` holds "train" and "hidden"."""
    with _named(exercise, "draw"):
        training, hidden, parameters = load_task(exercise.slug).draw(seeds, real)
    return training, hidden, parameters


def orders(exercise: Exercise, seed: int, parameters: Parameters) -> list[list[list[int]]]:
    """The samples of every batch of every epoch, by a seed of their order."""
    with _named(exercise, "orders", "model"):
        found: list[list[list[int]]] = load_model(exercise.slug).orders(seed, parameters)
    return found


def judge(
    exercise: Exercise, lines: bytes, training: Files, hidden: Files, parameters: Parameters
) -> Judgement:
    """What task.judge says about the answers, given as a trace's lines."""
    answers = Answers([read_answer(decode(line)) for line in lines.splitlines()])
    with _named(exercise, "judge"):
        judgement: Judgement = load_task(exercise.slug).judge(answers, training, hidden, parameters)
    return judgement


def measure(
    exercise: Exercise, weights: bytes, hidden: Files, scale: float, shift: float
) -> tuple[dict[str, float], int]:
    """The metrics of gated safetensors weights on the hidden files, and on how many samples."""
    arrays = check_weights(weights, exercise.shapes)
    with _named(exercise, "evaluate"):
        metrics, samples = load_task(exercise.slug).evaluate(arrays, hidden, scale, shift)
    return {name: float(value) for name, value in metrics.items()}, int(samples)


def inputs(exercise: Exercise, hidden: Files) -> Rows:
    """The hidden inputs (rows, inputs) without their labels, bytes in [0, 1]."""
    with _named(exercise, "inputs"):
        rows = np.asarray(load_task(exercise.slug).inputs(hidden))
    width = (exercise.own or {})["inputs"]
    if rows.ndim != 2 or rows.shape[1] != width or not len(rows):
        path = exercise.folder / "task.py"
        raise BadExercise(f"{path}: inputs gives {list(rows.shape)}, but must give rows of {width} numbers")
    floats = rows.astype(np.float32)
    return floats / np.float32(255) if rows.dtype == np.uint8 else floats


def measure_logits(exercise: Exercise, logits: bytes, hidden: Files) -> tuple[dict[str, float], int]:
    """The metrics of finite logits, 32-bit floats (rows, outputs), for the hidden inputs, and on how many samples."""
    scores = np.frombuffer(logits, dtype="<f4").reshape(-1, (exercise.own or {})["outputs"])
    with _named(exercise, "evaluate"):
        metrics, samples = load_task(exercise.slug).evaluate(scores, hidden)
    return {name: float(value) for name, value in metrics.items()}, int(samples)


@contextlib.contextmanager
def _named(exercise: Exercise, function: str, part: str = "task") -> Iterator[None]:
    """Whatever a function of task.py (or model.py) raises becomes a BadExercise that names file, function and line."""
    try:
        yield
    except BadExercise:
        raise
    except Exception as error:
        path = exercise.folder / f"{part}.py"
        lines = [
            item.lineno for item in traceback.extract_tb(error.__traceback__) if item.filename == str(path)
        ]
        where = f"line {lines[-1]}, in {function}" if lines else function
        raise BadExercise(f"{path}: {where}: {type(error).__name__}: {error}") from error
