"""Files that deceive the spies, one way each: believed without a replay, and never passed with one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.exercise import load_exercise
from grader.launch import docker
from grader.launch.docker import DockerLauncher
from grader.launch.lines import Lines
from grader.launch.local import LocalLauncher
from grader.models import Report, Submission
from grader.pipeline import grade_submission
from tests.reference.grading import SECRET

FOLDER = Path(__file__).parent
OPEN: dict[str, str] = {}
"""Forgeries that pass although they are replayed, each with the reason: holes that are still to be closed."""

CONTAINED = frozenset(
    f"checkpoint-resume/{name}" for name in ("kept_by_the_kernel", "kept_elsewhere", "saved_by_a_helper")
)
"""Forgeries that only a container keeps from what they need: another folder of the machine's, say."""


def forgeries() -> Iterator[tuple[str, Path]]:
    """Every forging file, with its exercise."""
    for folder in sorted(item for item in FOLDER.iterdir() if item.is_dir() and item.name[0] != "_"):
        yield from ((folder.name, path) for path in sorted(folder.glob("*.py")))


def named(slug: str, path: Path) -> str:
    """A file as test ids and OPEN name it."""
    return f"{slug}/{path.stem}"


def parameters(*, replayed: bool) -> list[object]:
    """The files as parameters; where they are replayed, those of open holes are expected to pass."""
    found: list[object] = []
    for slug, path in forgeries():
        name = named(slug, path)
        reason = OPEN.get(name) if replayed else None
        marks: list[pytest.MarkDecorator] = []
        if reason is not None:
            marks.append(pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason))
        if name in CONTAINED:
            marks.append(pytest.mark.skipif(bool(docker.ready()), reason="there is no container engine"))
        found.append(pytest.param(slug, path, id=name, marks=marks))
    return found


@pytest.fixture(scope="module")
def lines() -> Iterator[Lines]:
    """One examiner for all, and a sandbox that is replaced at an anomaly; without an engine one for each run."""
    launcher = LocalLauncher() if docker.ready() else DockerLauncher()
    with Lines(launcher, reuse=launcher.isolated) as opened:
        yield opened


def graded(lines: Lines, slug: str, path: Path, *, verify: bool) -> Report:
    """The report on a file."""
    submission = Submission(filename="loop.py", source=path.read_bytes(), exercise=slug)
    return grade_submission(submission, load_exercise(slug), lines, SECRET, verify=verify)


@pytest.mark.parametrize(("slug", "path"), parameters(replayed=False))
def test_the_spies_believe_it(lines: Lines, slug: str, path: Path) -> None:
    """A forgery that fails by itself proves nothing."""
    report = graded(lines, slug, path, verify=False)
    accused = [(item.slug, item.evidence) for item in report.findings if item.severity == "error"]
    assert report.passed is True, accused


@pytest.mark.parametrize(("slug", "path"), parameters(replayed=True))
def test_a_replay_does_not(lines: Lines, slug: str, path: Path) -> None:
    """Executed again, it never passes: it fails, or a person has to look."""
    report = graded(lines, slug, path, verify=True)
    assert report.passed is not True, report.verification


def test_every_open_hole_has_its_file() -> None:
    """A hole is struck from the list together with its file's name."""
    assert OPEN.keys() <= {named(slug, path) for slug, path in forgeries()}


def test_each_says_what_it_forges() -> None:
    """A forging file begins with a sentence on what it does."""
    for slug, path in forgeries():
        assert path.read_text().startswith('"""'), named(slug, path)
