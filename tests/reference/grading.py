"""Grading many files over warm lines, and what each file of a reference folder expects."""

from __future__ import annotations

import ast
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.checkup import ReferenceFile, compared, expected_of
from grader.exercise import course, load_exercise, slugs
from grader.launch.lines import Lines
from grader.models import Report, Submission
from grader.pipeline import grade_submission

SECRET = bytes(range(32))
SHORT = 5.0
"""Seconds until a loop that never ends is ended; the exercises give far more."""

OBSERVED: frozenset[str] = frozenset()
"""Exercises whose right files are not verified, of which there are none: every right file has to be."""

ALL = os.environ.get("METRONOME_REFERENCES") == "all"
"""Whether every file is graded, as `make references` does, and not a part that is always the same."""

Grade = Callable[[str, bytes, list[str]], Report]


def grader_over(lines: Lines) -> Grade:
    """A function that grades source for an exercise over open lines; endless files get a short deadline.

    What must be found is judged as it was claimed, which takes half the time; what the checks see is the same.
    Counterfactuals change nothing of that, and have tests of their own: none is looked for.
    """

    def grade(slug: str, source: bytes, expected: list[str]) -> Report:
        submission = Submission(filename="loop.py", source=source, exercise=slug)
        deadline = SHORT if "timed-out" in expected else None
        verify = False if expected else None
        exercise = load_exercise(slug).model_copy(update={"budget": 0.0})
        return grade_submission(submission, exercise, lines, SECRET, deadline=deadline, verify=verify)

    return grade


def expected(source: bytes) -> list[str]:
    """The slugs a bug file's first line promises; none for a right one."""
    return list(expected_of(source))


def stripped(source: bytes) -> bytes:
    """The same program without comments and layout; a file that does not parse loses its first line."""
    try:
        return ast.unparse(ast.parse(source)).encode() + b"\n"
    except SyntaxError:
        return source.split(b"\n", 1)[1]


def right_files() -> Iterator[tuple[str, Path]]:
    """Every solution and variant, with its exercise."""
    for slug in slugs():
        folder = course("reference") / slug
        yield slug, folder / "solution.py"
        yield from ((slug, path) for path in sorted((folder / "variants").glob("*.py")))


def bug_files() -> Iterator[tuple[str, Path]]:
    """Every bug file, with its exercise."""
    for slug in slugs():
        folder = course("reference") / slug / "bugs"
        yield from ((slug, path) for path in sorted(folder.glob("*.py")))


def some_right_files() -> Iterator[tuple[str, Path]]:
    """The solution of every third exercise; all right files with METRONOME_REFERENCES=all."""
    few = slugs()[::3]
    yield from (
        (slug, path) for slug, path in right_files() if ALL or (slug in few and path.stem == "solution")
    )


def chosen(name: str, one_in: int) -> bool:
    """Whether a case belongs to the part that is always graded: one in so many; or to all of them."""
    return ALL or not zlib.crc32(name.encode()) % one_in


def most_bug_files() -> Iterator[tuple[str, Path]]:
    """The first bug for each finding, and one in six of the others; all of them with METRONOME_REFERENCES=all."""
    seen: set[str] = set()
    for slug, path in bug_files():
        first = expected(path.read_bytes())[0]
        if first not in seen or chosen(f"{slug}/{path.stem}", 6):
            yield slug, path
        seen.add(first)


def some_bug_files() -> Iterator[tuple[str, Path]]:
    """A sixth of every third exercise's bugs; all of them with METRONOME_REFERENCES=all."""
    few = slugs()[::3]
    for slug, path in bug_files():
        if ALL or (slug in few and chosen(f"as it is: {slug}/{path.stem}", 6)):
            yield slug, path


def parameters(files: Iterator[tuple[str, Path]]) -> list[object]:
    """Files as pytest parameters named exercise/file; those of an exercise share a worker, and its warm lines."""
    return [
        pytest.param(slug, path, id=f"{slug}/{path.stem}", marks=of_exercise(slug)) for slug, path in files
    ]


def of_exercise(slug: str) -> pytest.MarkDecorator:
    """What has all tests of an exercise's files run in one worker."""
    return pytest.mark.xdist_group(f"files of {slug}")


def assert_right(report: Report) -> None:
    """Full marks, neither an error nor a warning, and no instrument of ours that failed."""
    assert report.remarks == ()
    accused = [(item.slug, item.evidence) for item in report.findings if item.severity != "note"]
    assert accused == []
    assert report.outcome == "graded"
    assert report.passed is True
    unknown = [(item.id, item.reason) for item in report.requirements if item.status == "could-not-check"]
    assert unknown == []
    assert report.score.points == report.score.max


def assert_verified(report: Report) -> None:
    """Where runs are verified at all, this one is; only what is listed in OBSERVED may not be."""
    if report.verification is not None:
        wanted = "observed" if report.exercise in OBSERVED else "verified"
        assert report.verification.status == wanted, report.verification


def assert_found(report: Report, slugs_expected: list[str]) -> None:
    """What is expected is found, first of its severity, and no other error."""
    assert report.remarks == ()
    checked = compared(ReferenceFile("bug", Path("bug.py"), tuple(slugs_expected)), report)
    assert checked.good, [(item.severity, item.slug, item.evidence) for item in report.findings]
    found = {item.slug: item for item in report.findings}
    for slug in slugs_expected:
        finding = found[slug]
        assert finding.evidence
        assert finding.why
        assert finding.fix
