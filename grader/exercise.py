"""An exercise as its folder describes it: exercise.toml validated, and where its other files are.

exercises/<slug>/exercise.toml   the task, its limits, rubric and freedoms
                /model.py        make(data, seeds, parameters): what the sandbox builds
                /task.py         draws data, evaluates weights; the examiner alone runs it
reference/<slug>/solution.py     with variants/*.py (right) and bugs/*.py (first line: # expect: slug)
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from grader.errors import BadExercise, UnknownExercise
from grader.models import Frozen


class Requirement(Frozen):
    """One line of the rubric: failed when one of `findings` is found; `needs` must pass before it."""

    id: str
    title: str
    points: float = Field(ge=0)
    required: bool = False
    findings: list[str]
    needs: list[str] = []


class Limits(Frozen):
    """What a run may use: seconds of wall time, MiB of memory, processes, MiB printed."""

    deadline: float = Field(gt=0)
    memory_mb: int = Field(default=1024, ge=64)
    processes: int = Field(default=64, ge=1)
    output_mb: int = Field(default=16, ge=1)
    threads: int = Field(default=1, ge=1)


class Hidden(Frozen):
    """The hidden test: which number of task.evaluate counts, and the threshold it must reach."""

    metric: str
    threshold: float
    better: Literal["higher", "lower"]


class Graded(Frozen):
    """The graded module: width of its flat input and of its output, and its state's shapes, in order.

    Weights travel by position, never by name.
    """

    inputs: int = Field(ge=1)
    outputs: int = Field(ge=1)
    shapes: list[list[int]]


class Expect(Frozen):
    """What the exercise text states; a key left out is the student's to choose.

    `optimizer` is a class name in torch.optim; "given" stands for the optimizer the exercise hands in.
    """

    optimizer: str | None = None
    lr: float | None = None
    momentum: float | None = None
    batch_size: int | None = None
    epochs: int | None = None


class Exercise(Frozen):
    """A validated exercise.toml.  `preload` are packages the sandbox imports before it forks."""

    slug: str
    version: int = Field(ge=1)
    title: str
    summary: str
    entry: Literal["script", "function"]
    function: str | None = None
    signature: str | None = None
    parameters: dict[str, float | int | str] = {}
    preload: list[str] = []
    gpu: bool = False
    pass_mark: float = Field(ge=0, le=1)
    limits: Limits
    hidden: Hidden
    graded: Graded
    expect: Expect = Expect()
    freedoms: list[str] = []
    notes: list[str] = []
    requirement: list[Requirement] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Exercise:
        if self.entry == "function" and not self.function:
            raise ValueError('entry = "function" needs the key "function"')
        seen: set[str] = set()
        for requirement in self.requirement:
            if requirement.id in seen:
                raise ValueError(f"requirement {requirement.id!r} stands twice")
            if unknown := [name for name in requirement.needs if name not in seen]:
                raise ValueError(f"requirement {requirement.id!r} needs {unknown[0]!r}, not listed before it")
            seen.add(requirement.id)
        return self

    @property
    def max_points(self) -> float:
        """The sum of the rubric's points."""
        return sum(requirement.points for requirement in self.requirement)

    @property
    def folder(self) -> Path:
        """Where the exercise's files are."""
        return course("exercises") / self.slug

    @property
    def reference(self) -> Path:
        """Where its solution, variants and bugs are."""
        return course("reference") / self.slug


def course(part: Literal["exercises", "reference"]) -> Path:
    """The folder of all exercises or references: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    bundled = package / "_course" / part
    return bundled if bundled.is_dir() else package.parent / part


def findings_page() -> Path:
    """The page that explains every finding: in docs/ of a checkout, inside the package in a wheel."""
    package = Path(__file__).resolve().parent
    bundled = package / "_course" / "findings.md"
    return bundled if bundled.is_file() else package.parent / "docs" / "findings.md"


def slugs() -> list[str]:
    """Names of all exercises there are, sorted."""
    return sorted(path.parent.name for path in course("exercises").glob("*/exercise.toml"))


@cache
def load_exercise(slug: str) -> Exercise:
    """The exercise of that name.  Raises UnknownExercise or BadExercise."""
    if slug not in slugs():
        raise UnknownExercise(f"There is no exercise {slug!r}. There are: {', '.join(slugs())}.")
    path = course("exercises") / slug / "exercise.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        exercise = Exercise.model_validate(table)
    except tomllib.TOMLDecodeError as error:
        raise BadExercise(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadExercise(f"{path}: {key or 'file'}: {first['msg']}") from error
    if exercise.slug != slug:
        raise BadExercise(f"{path}: slug: is {exercise.slug!r}, but the folder is called {slug!r}")
    return exercise
