"""An exercise as its folder describes it: exercise.toml validated, and where its other files are.

exercises/<slug>/exercise.toml   the task, its limits, rubric and freedoms
                /model.py        make(data, seeds, parameters): what the sandbox builds
                /task.py         draws data, evaluates weights; the examiner alone runs it
reference/<slug>/solution.py     with variants/*.py (right) and bugs/*.py (first line: # expect: slug)

A course of one's own is a folder of such folders, each with its reference/ inside it: see `use_folder`.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from grader.catalogue import CATALOGUE
from grader.complaints import complaint, first_unknown
from grader.errors import BadExercise, BadSettings, UnknownExercise
from grader.models import Frozen

MOST_PARAMETERS = 4_000_000
"""Numbers of a model of the file's own architecture, and of its first weights, that a sandbox may hand over."""
LEAST_WIDTH = 16
"""Of raw rows that are matched by content; narrower ones say too little."""


class Requirement(Frozen):
    """One line of the rubric: failed when one of `findings` is found; `needs` must pass before it.

    With `function`, only what was found about that function of the student's counts.
    """

    id: str
    title: str
    points: float = Field(ge=0)
    required: bool = False
    findings: list[str]
    function: str = ""
    needs: list[str] = []

    @property
    def keys(self) -> list[str]:
        """Where its results are found: slugs, or "slug@function"."""
        return [result_key(slug, self.function) for slug in self.findings]


def result_key(slug: str, function: str = "") -> str:
    """The key of a check's result: its slug, with the function it is about where a requirement names one."""
    return f"{slug}@{function}" if function else slug


class Limits(Frozen):
    """What a run may use: seconds of wall time, MiB of memory, processes, MiB printed."""

    deadline: float = Field(gt=0)
    memory_mb: int = Field(default=1024, ge=64)
    processes: int = Field(default=64, ge=1)
    output_mb: int = Field(default=16, ge=1)
    threads: int = Field(default=1, ge=1)


class Untrained(Frozen):
    """What a script's own first weights may reach on hidden data: at most so much of a number of task.evaluate."""

    metric: str
    most: float


class Hidden(Frozen):
    """The hidden test: which number of task.evaluate counts, and the threshold it must reach."""

    metric: str
    threshold: float
    better: Literal["higher", "lower"]
    untrained: Untrained | None = None


class Run(Frozen):
    """One more run of the same file, with some parameters changed; found there is found.

    `findings` are the slugs it is checked for, all of the rubric's where the list is empty.
    """

    id: str
    parameters: dict[str, float | int | str]
    findings: list[str] = []


class Resumes(Frozen):
    """The file is also run in legs (model.leg), killed and resumed from outside, with what it left in its folder.

    `findings` are the slugs of which one is found where a resumed run does not come to the same weights.
    """

    findings: list[str] = Field(min_length=1)


class Graded(Frozen):
    """The graded module: width of its flat input and of its output, and its state's shapes, in order.

    The state is the module's parameters, or where the shapes say so its parameters and buffers of floats.
    Weights travel by position, never by name.  With `architecture = "own"` a script may bring any classifier of
    `inputs` to `outputs`, whose state has at most so many numbers as `parameters` says: then there are no shapes.
    """

    inputs: int = Field(ge=1)
    outputs: int = Field(ge=1)
    architecture: Literal["fixed", "own"] = "fixed"
    shapes: list[list[int]] = []
    parameters: int | None = Field(default=None, ge=1, le=MOST_PARAMETERS)

    @model_validator(mode="after")
    def _consistent(self) -> Graded:
        if self.architecture == "fixed":
            if not self.shapes:
                raise ValueError('needs "shapes", or architecture = "own"')
            if self.parameters is not None:
                raise ValueError('"parameters" bounds an own architecture; here "shapes" says what there is')
            return self
        if self.shapes:
            raise ValueError('architecture = "own" leaves the shapes open: leave "shapes" out')
        if self.parameters is None:
            raise ValueError('architecture = "own" needs "parameters": the most numbers a model may have')
        if self.inputs < LEAST_WIDTH:
            raise ValueError(
                f'architecture = "own" needs inputs of {LEAST_WIDTH} numbers or more, '
                "so that a module's inputs can be traced back to the data"
            )
        return self


class Expect(Frozen):
    """What the exercise text states; a key left out is the student's to choose.

    `optimizer` is a class name in torch.optim; "given" stands for the optimizer the exercise hands in, and
    "none" for updates that the student writes.  `loss` names the functions of torch.nn.functional that are
    the loss asked for; with `update = "sgd"` updates by hand must be the rate times the gradient.
    """

    optimizer: str | None = None
    lr: float | None = None
    momentum: float | None = None
    batch_size: int | None = None
    epochs: int | None = None
    loss: list[str] = []
    update: Literal["sgd"] | None = None


class Exercise(Frozen):
    """A validated exercise.toml.  `preload` are packages the sandbox imports before it forks.

    `function` is the one that is called with what model.make builds; model.drive may call others of
    `functions`.  Without `hidden` nothing is measured; without `graded` no module is.
    `judge`: task.judge looks at the values that the student's functions gave.
    `verify` says how a run is verified: by a replay of what it did to the module that model.make hands in, by the
    "answers" that task.judge computes anew, or not at all.  Left out, a function's run is replayed where a module is
    graded, else verified by its answers where there is a judge.
    `budget` are the seconds of CPU time that may go into finding out which numeric bug comes to a wrong run's numbers.
    """

    slug: str
    version: int = Field(ge=1)
    title: str
    summary: str
    entry: Literal["script", "function"]
    function: str | None = None
    functions: list[str] = []
    signature: str | None = None
    parameters: dict[str, float | int | str] = {}
    preload: list[str] = []
    gpu: bool = False
    pass_mark: float = Field(ge=0, le=1)
    limits: Limits
    hidden: Hidden | None = None
    graded: Graded | None = None
    judge: bool = False
    verify: Literal["replay", "answers", "none"] | None = None
    budget: float = Field(default=2.0, ge=0, le=60)
    expect: Expect = Expect()
    run: list[Run] = []
    resumes: Resumes | None = None
    freedoms: list[str] = []
    notes: list[str] = []
    requirement: list[Requirement] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Exercise:
        if self.entry == "function" and not self.function and not self.functions:
            raise ValueError('entry = "function" needs the key "function" or "functions"')
        seen: set[str] = set()
        for requirement in self.requirement:
            if requirement.id in seen:
                raise ValueError(f"requirement {requirement.id!r} stands twice")
            if unknown := [name for name in requirement.needs if name not in seen]:
                raise ValueError(f"requirement {requirement.id!r} needs {unknown[0]!r}, not listed before it")
            seen.add(requirement.id)
        if self.hidden is not None and self.graded is None and not self.judge:
            raise ValueError("[hidden] needs [graded] (a module) or judge = true (returned values)")
        if self.resumes is not None and self.graded is None:
            raise ValueError("[resumes] needs [graded]: the weights of resumed runs are compared")
        if self.own and self.entry != "script":
            raise ValueError(
                '[graded] architecture = "own" is for entry = "script": a function is given its model'
            )
        if self.own and self.hidden is None:
            raise ValueError('[graded] architecture = "own" needs [hidden]: nothing else looks at the model')
        return self

    @property
    def max_points(self) -> float:
        """The sum of the rubric's points."""
        return sum(requirement.points for requirement in self.requirement)

    @property
    def defines(self) -> list[str]:
        """The functions (or classes) that the student's file must define."""
        first = [self.function] if self.function else []
        return list(dict.fromkeys([*first, *self.functions]))

    @property
    def own(self) -> dict[str, int] | None:
        """Bounds of a model of the file's own architecture: inputs, outputs, parameters; None where it is given."""
        graded = self.graded
        if graded is None or graded.architecture != "own" or graded.parameters is None:
            return None
        return {"inputs": graded.inputs, "outputs": graded.outputs, "parameters": graded.parameters}

    @property
    def shapes(self) -> list[list[int]]:
        """The graded state's shapes; none where no module is graded, or one of any shapes."""
        return self.graded.shapes if self.graded else []

    @property
    def folder(self) -> Path:
        """Where the exercise's files are."""
        return home_of(self.slug)

    @property
    def reference(self) -> Path:
        """Where its solution, variants and bugs are."""
        own = course("exercises") / self.slug == self.folder
        return course("reference") / self.slug if own else self.folder / "reference"


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


VARIABLE = "GRADE_EXERCISES"
_outside: list[Path] = []


def use_folder(folder: Path | None) -> None:
    """From now on this process also knows the exercises of a folder; None: only Metronome's own.

    Raises BadSettings when it is no folder, BadExercise when it holds an exercise of the same name as one of ours.
    """
    if folder is not None and not folder.is_dir():
        raise BadSettings(f"exercises: {folder} is no folder.")
    if _outside == ([] if folder is None else [folder.resolve()]):
        return
    ours = {path.parent.name for path in course("exercises").glob("*/exercise.toml")}
    for path in sorted(folder.glob("*/exercise.toml")) if folder is not None else []:
        if path.parent.name in ours:
            raise BadExercise(f"{path.parent}: there is an exercise of this name already; rename the folder.")
    _outside[:] = [folder.resolve()] if folder is not None else []
    load_exercise.cache_clear()


def outside_folder() -> Path | None:
    """The folder of exercises beside Metronome's own, if there is one."""
    if not _outside and os.environ.get(VARIABLE):
        use_folder(Path(os.environ[VARIABLE]))
    return _outside[0] if _outside else None


def _homes() -> dict[str, Path]:
    """Every exercise's folder by its name."""
    outside = outside_folder()
    found = [course("exercises"), *([outside] if outside else [])]
    return {path.parent.name: path.parent for folder in found for path in folder.glob("*/exercise.toml")}


def home_of(slug: str) -> Path:
    """The folder of an exercise.  Raises UnknownExercise."""
    homes = _homes()
    if slug not in homes:
        raise UnknownExercise(f"There is no exercise {slug!r}. There are: {', '.join(sorted(homes))}.")
    return homes[slug]


def slugs() -> list[str]:
    """Names of all exercises there are, sorted."""
    return sorted(_homes())


@cache
def load_exercise(slug: str) -> Exercise:
    """The exercise of that name.  Raises UnknownExercise or BadExercise."""
    path = home_of(slug) / "exercise.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        exercise = Exercise.model_validate(table)
    except tomllib.TOMLDecodeError as error:
        raise BadExercise(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise BadExercise(f"{path}: is not UTF-8 text") from error
    except OSError as error:
        raise BadExercise(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise BadExercise(f"{path}: {complaint(Exercise, error)}") from error
    if exercise.slug != slug:
        raise BadExercise(f"{path}: slug: is {exercise.slug!r}, but the folder is called {slug!r}")
    if abs(exercise.max_points - 100) > 1e-6:
        raise BadExercise(
            f"{path}: requirement: the points add up to {exercise.max_points:g}, but must add up to 100"
        )
    named = {f"requirement {item.id!r}: findings": item.findings for item in exercise.requirement}
    named |= {f"run {run.id!r}: findings": run.findings for run in exercise.run} | {"notes": exercise.notes}
    named |= {"resumes: findings": exercise.resumes.findings} if exercise.resumes else {}
    if problem := first_unknown(named, list(CATALOGUE)):
        raise BadExercise(f"{path}: {problem}")
    return exercise
