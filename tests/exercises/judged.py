"""A judged exercise without a sandbox: draw a challenge, drive a student's file, judge what it gave."""

from __future__ import annotations

import importlib.util
import tempfile
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from grader.examiner import hidden
from grader.examiner.answers import Judgement
from grader.exercise import load_exercise
from grader.promise import promise_of
from sandbox.student import Student
from sandbox.trace import Answer, Record, encode
from tests.exercises.test_linreg_torch import shape_of

CHALLENGES, FEW = 30, 8
"""How many challenges the solution, and every other file, is tried on."""


class Kept:
    """Stands in for the recorder: keeps the records."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def write(self, record: Record) -> None:
        self.records.append(record)


def seeds(number: int) -> dict[str, int]:
    """Two independent seeds, as wide as a challenge's."""
    words = np.random.SeedSequence(number).generate_state(16)
    wide = [int.from_bytes(words[start : start + 8].tobytes(), "big") for start in (0, 8)]
    return {"train": wide[0], "hidden": wide[1]}


def loaded(path: Path) -> types.ModuleType:
    """A file as a module."""
    spec = importlib.util.spec_from_file_location(f"judged_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judged(slug: str, number: int, source: str | Path) -> Judgement:
    """What the exercise's judge says about a file (or source text) on a challenge."""
    exercise = load_exercise(slug)
    training, secret, parameters = hidden.draw(exercise, seeds(number), None)
    model = loaded(exercise.folder / "model.py")
    kept = Kept()
    namespace: dict[str, Any] = {"__name__": "loop"}
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a student's overflow is a finding, no failure of the test
        for name, content in training.items():
            (Path(folder) / name).write_bytes(content)
        exec(compile(text, "loop.py", "exec"), namespace)
        student = Student(namespace, kept, exercise.function or "")
        model.drive(student, model.make(Path(folder), {}, parameters))
    lines = b"".join(encode(record) for record in kept.records if isinstance(record, Answer))
    return hidden.judge(exercise, lines, training, secret, parameters)


def found(slug: str, number: int, source: str | Path) -> dict[str, str]:
    """The evidence of everything found, by slug."""
    return {item.slug: item.evidence for item in judged(slug, number, source).items if item.status == "found"}


def untold(slug: str, number: int, source: str | Path) -> list[str]:
    """The reasons of everything that could not be told."""
    return [item.reason for item in judged(slug, number, source).items if item.status == "unknown"]


def right_files(slug: str) -> list[Path]:
    """The solution and all variants."""
    folder = load_exercise(slug).reference
    return [folder / "solution.py", *sorted((folder / "variants").glob("*.py"))]


def bug_files(slug: str) -> list[Path]:
    """All bugs."""
    return sorted((load_exercise(slug).reference / "bugs").glob("*.py"))


def twins(paths: list[Path]) -> list[tuple[str, str]]:
    """Pairs of files that are the same program in other words."""
    seen: dict[str, Path] = {}
    return [
        (first.name, path.name)
        for path in paths
        if (first := seen.setdefault(shape_of(path), path)) is not path
    ]


def expected(path: Path) -> list[str]:
    """The slugs that a bug file announces."""
    return list(promise_of(path.read_bytes()).slugs)


def assert_sound(slug: str, least_variants: int = 5, least_bugs: int = 8) -> None:
    """What holds for every judged exercise: rubric, drawing, reference files, starter, over many challenges."""
    exercise = load_exercise(slug)
    assert exercise.max_points == 100
    rights, bugs = right_files(slug), bug_files(slug)
    assert len(rights) > least_variants
    assert len(bugs) >= least_bugs
    assert twins(rights) == twins(bugs) == []
    named = {item for requirement in exercise.requirement for item in requirement.findings}
    announced = {item for path in bugs for item in expected(path)}
    assert named <= announced, named - announced
    assert hidden.draw(exercise, seeds(1), None) == hidden.draw(exercise, seeds(1), None)
    drawn = [hidden.draw(exercise, seeds(number), None)[0] for number in range(CHALLENGES)]
    assert len({repr(files) for files in drawn}) == CHALLENGES
    for number in range(CHALLENGES):
        assert found(slug, number, rights[0]) == {}
        assert untold(slug, number, rights[0]) == []
