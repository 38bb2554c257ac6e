"""What an engine is: it takes jobs from the store and has a grader do them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from grader.models import Report, Submission
from grader.store.submissions import Stored


class Grader(Protocol):
    """Grades one submission after another; `grader.session.Session` is one."""

    def grade(self, submission: Submission, problem: str = "") -> Report:
        """The report.  Raises MetronomeError when we fail."""

    def digest(self, slug: str) -> str:
        """What results for that exercise rest on besides file and student."""

    def close(self) -> None:
        """End its processes; a grading under way in another thread then fails."""


@dataclass(frozen=True)
class Graded:
    """A job that was finished just now, and its report."""

    stored: Stored
    report: Report


class Engine(Protocol):
    """Runs jobs until it is stopped."""

    def start(self) -> None:
        """Begin to take jobs."""

    def wake(self) -> None:
        """There is a new job: look at once."""

    def key_of(self, submission: Submission) -> str:
        """The job key of a submission.  Raises MetronomeError when it cannot be told."""

    def alive(self) -> bool:
        """Whether jobs are being done: every worker lives, and the database answered."""

    def stop(self, *, abort: bool = False) -> None:
        """Take no new job and finish those that run; with `abort`, end them and put them back."""
