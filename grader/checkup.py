"""Checking an exercise: its own reference files graded, and what was found against what they promise.

solution.py, variants/*.py   right: full marks, no error, no warning
starter.py                   runs to its end and does not pass
bugs/*.py                    first line `# expect: slug …`: these are found, and no other error; with `numeric`
                             its own counterfactual comes to its numbers
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.challenge import course_secret
from grader.errors import BadExercise, MetronomeError
from grader.exercise import Exercise
from grader.launch.choose import choose_launcher
from grader.launch.lines import Lines
from grader.models import Report, Submission
from grader.pipeline import Say, grade_submission, quiet
from grader.promise import promise_of
from grader.settings import Settings

Kind = Literal["solution", "variant", "starter", "bug"]
ENDLESS = 6.0
"""Seconds until a loop that is expected never to end is ended; exercises give far more."""


@dataclass(frozen=True)
class ReferenceFile:
    """A file of an exercise's own, the slugs it promises and if its numbers are its own (bugs only)."""

    kind: Kind
    path: Path
    expected: tuple[str, ...] = ()
    numeric: bool = False


@dataclass(frozen=True)
class Checked:
    """What grading one of them showed.

    `missed` were promised and not found, or not first of their severity; `flagged` were found and should not
    be; `surprise` is anything else that is not as it should be, as a sentence.
    """

    file: ReferenceFile
    found: tuple[str, ...]
    missed: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()
    surprise: str = ""

    @property
    def good(self) -> bool:
        """Whether all is as promised."""
        return not (self.missed or self.flagged or self.surprise)


def reference_files(exercise: Exercise) -> list[ReferenceFile]:
    """The files of an exercise, in the order they are graded.  Raises BadExercise when one is missing."""
    folder = exercise.reference
    solution, starter = folder / "solution.py", exercise.folder / "starter.py"
    for path in (solution, starter, exercise.folder / "model.py", exercise.folder / "task.py"):
        if not path.is_file():
            raise BadExercise(f"{path} is missing.")
    variants = [ReferenceFile("variant", path) for path in sorted((folder / "variants").glob("*.py"))]
    bugs = [
        ReferenceFile("bug", path, promise.slugs, promise.numeric)
        for path in sorted((folder / "bugs").glob("*.py"))
        for promise in [promise_of(path.read_bytes())]
    ]
    for bug in bugs:
        if not bug.expected:
            raise BadExercise(f"{bug.path}: its first line must be `# expect: slug`")
    return [
        ReferenceFile("solution", solution),
        *variants,
        ReferenceFile("starter", starter),
        *bugs,
    ]


def expected_of(source: bytes) -> tuple[str, ...]:
    """The slugs that a bug file's first line promises."""
    return promise_of(source).slugs


def without_bug(exercise: Exercise, files: list[ReferenceFile]) -> list[str]:
    """The slugs of the rubric for which there is no bug file."""
    shown = {slug for file in files for slug in file.expected}
    rubric = dict.fromkeys(slug for item in exercise.requirement for slug in item.findings)
    return [slug for slug in rubric if slug not in shown]


def check_exercise(
    exercise: Exercise, files: list[ReferenceFile], settings: Settings, *, progress: Say = quiet
) -> Iterator[Checked]:
    """Grade the files one after another and yield what each showed.  Raises MetronomeError."""
    secret = course_secret(settings)
    with Lines(choose_launcher(settings, exercise.gpu, progress), reuse=True) as lines:
        for file in files:
            progress(f"grading {file.path.name}")
            submission = Submission(
                filename=file.path.name, source=file.path.read_bytes(), exercise=exercise.slug
            )
            deadline = ENDLESS if "timed-out" in file.expected else None
            try:
                report = grade_submission(submission, exercise, lines, secret, deadline=deadline)
            except BadExercise:
                raise
            except MetronomeError as error:
                yield Checked(file, (), surprise=str(error))
                continue
            yield compared(file, report)


def compared(file: ReferenceFile, report: Report) -> Checked:
    """A report on a reference file against what the file promises."""
    found = tuple(item.slug for item in report.findings if item.severity != "note")
    if file.kind == "bug":
        return _bug(file, report, found)
    if file.kind == "starter":
        return Checked(file, found, surprise=_starter(report))
    return Checked(file, found, flagged=found, surprise=_right(report) if not found else "")


def _bug(file: ReferenceFile, report: Report, found: tuple[str, ...]) -> Checked:
    by_severity: dict[str, list[str]] = {}
    for item in report.findings:
        by_severity.setdefault(item.severity, []).append(item.slug)
    listed = [slug for slugs in by_severity.values() for slug in slugs[: len(file.expected)]]
    missed = tuple(slug for slug in file.expected if slug not in listed)
    others = tuple(slug for slug in by_severity.get("error", []) if slug not in file.expected)
    return Checked(file, found, missed, others, "" if missed or others else _unlike(file, report))


def _unlike(file: ReferenceFile, report: Report) -> str:
    """Why a numeric bug is not recognised by its numbers; "" where it is, or is not to be."""
    named = report.verification.counterfactual if report.verification else None
    if not file.numeric or (named is not None and file.expected[0] in named.slugs):
        return ""
    other = f"those of {', '.join(named.slugs)} do" if named else "nor do those of any other bug"
    return f"it is marked numeric, but its own counterfactual does not come to its numbers within the budget; {other}"


def _starter(report: Report) -> str:
    if report.outcome in ("student_error", "limit_exceeded"):
        return f"the starter must run as it is, but: {report.summary}"
    return "the starter passes as it is" if report.passed else ""


def _right(report: Report) -> str:
    """Why a right file without findings is still not as it should be."""
    unknown = [item for item in report.requirements if item.status == "could-not-check"]
    if unknown:
        return f"could not be checked: {unknown[0].id} ({unknown[0].reason})"
    if report.passed is not True or report.score.points != report.score.max:
        return f"a right file, but: {report.summary}"
    return ""
