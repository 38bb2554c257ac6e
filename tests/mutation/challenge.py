"""One challenge of an exercise, laid out as files: what an original and its mutants all run on."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from grader.exercise import Exercise, load_exercise


@dataclass(frozen=True)
class Challenge:
    """The training files of a challenge in `data`, and what model.make gets beside them."""

    exercise: Exercise
    data: Path
    seeds: dict[str, int]
    parameters: dict[str, Any]

    def make(self, more: dict[str, Any] | None = None) -> dict[str, Any]:
        """The arguments of the student's function, freshly built; `more` overrides parameters.  A script gets none."""
        parameters = {**self.parameters, **(more or {})}
        made: dict[str, Any] = self.model.make(self.data, self.seeds, parameters)
        return made

    @property
    def model(self) -> ModuleType:
        """The exercise's model.py, loaded anew."""
        return _load(self.exercise.folder / "model.py")


@cache
def challenge(slug: str, number: int = 0) -> Challenge:
    """The challenge of that number; its files stay in a temporary folder while the process lives."""
    exercise = load_exercise(slug)
    task = _load(exercise.folder / "task.py")
    wide = {purpose: _seed(slug, purpose, number) for purpose in ("train", "hidden")}
    files, _, parameters = task.draw(wide, None)
    folder = tempfile.TemporaryDirectory(prefix="mutation-")
    _KEPT.append(folder)
    data = Path(folder.name)
    for name, content in files.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)
    narrow = {purpose: _seed(slug, purpose, number) >> 193 for purpose in ("init", "order", "dropout")}
    return Challenge(exercise, data, narrow, {**exercise.parameters, **parameters})


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _seed(slug: str, purpose: str, number: int) -> int:
    """A 256-bit seed."""
    return int.from_bytes(hashlib.sha256(f"{slug} {purpose} {number}".encode()).digest())


def _load(path: Path) -> ModuleType:
    """One of an exercise's files as a module of its own."""
    name = f"mutation_{path.parent.name.replace('-', '_')}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
