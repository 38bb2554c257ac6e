"""How a run went: its begin, its end, and what its functions gave back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.records.base import Record


@dataclass(frozen=True, kw_only=True)
class Header(Record):
    """First record.  `threads` is torch's intra-op thread count."""

    version: int
    torch: str
    threads: int
    entry: str


@dataclass(frozen=True, kw_only=True)
class Started(Record):
    """All of ours is in place, and the student's code begins.  Without it the failure was ours."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Over(Record):
    """The student's code has ended; what follows is ours again.  Without an `End` after it the failure was ours."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Stop(Record):
    """The run was ended by the student's code: an exception, a bad signature, an early exit.

    `slug` is the finding it will be; `frames` are the student's own lines, outermost first.
    """

    slug: str
    type: str
    message: str
    frames: list[int]


@dataclass(frozen=True, kw_only=True)
class Progress(Record):
    """How far the run had come, written now and then so that a killed run leaves something."""

    steps: int
    counts: dict[str, int]
    line: int


@dataclass(frozen=True, kw_only=True)
class Failure(Record):
    """A spy of ours failed; `text` is its traceback."""

    text: str


@dataclass(frozen=True, kw_only=True)
class End(Record):
    """Last record of a run that was not killed.  `finished` is false when the deadline's alarm wrote it.

    `counts` counts every beat; `trained_rows` the batch rows behind the backwards, each drawn batch once;
    `moved` whether the graded parameters' values ever changed; `failures` how often a spy itself failed.
    """

    finished: bool
    steps: int
    counts: dict[str, int]
    trained_rows: int
    moved: bool
    seconds: float
    dropped: int
    failures: int


@dataclass(frozen=True, kw_only=True)
class Function(Record):
    """A function or class that the exercise asks for, as the student's file defines it."""

    name: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Answer(Record):
    """One call of a student's function, or something the exercise's drive looked at.

    `function` was called for the exercise's `case`; `value` is what it gave, as `sandbox.answers.plain`
    writes it; `mutated` names arguments whose contents it changed; `notes` are recorded whole numbers, such as
    the indices that were drawn.
    """

    function: str
    case: str
    value: Any
    mutated: list[str]
    notes: dict[str, list[int]]


@dataclass(frozen=True, kw_only=True)
class Returned(Record):
    """What the student's function returned: its type's name, its length, its numbers (at most 4,096)."""

    type: str
    length: int
    numbers: list[float]


@dataclass(frozen=True, kw_only=True)
class Observed(Record):
    """What the exercise's model.observe measured at the end of a pass over a held-out loader.

    `sha256` is over the graded module's parameters then; `values` are its numbers by name.
    """

    loader: int
    at_step: int
    values: dict[str, float]
    sha256: str
