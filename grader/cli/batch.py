"""`grade batch PATH`: grade a class, with a bar or plain lines, and say where the results are."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from grader.cli.course import exercises_option, settings_with
from grader.cli.output import show
from grader.render.clean import one_line

if TYPE_CHECKING:
    from rich.progress import Progress

    from grader.batch.run import Result
    from grader.gradebook import Gradebook
    from grader.models import Report

MOST_JOBS = 64


@click.command(name="batch")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--exercise", metavar="SLUG", required=True, help="The exercise that all of them were set.")
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path),
    metavar="OUT",
    required=True,
    help="The folder that results go into; made if need be.",
)
@click.option(
    "--roster", type=click.Path(path_type=Path), metavar="CSV", help="student,name,canvas_id,moodle_id"
)
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    metavar="N",
    help="How many at a time.  [default: one a processor]",
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "docker", "local"]),
    help="Where the code runs; without a container it needs --trust-submissions.",
)
@click.option("--trust-submissions", "trusted", is_flag=True, help="Run them although nothing isolates them.")
@click.option(
    "--regrade",
    metavar="all|failed|SLUG",
    help="Grade again: all, those that did not pass, or those with that finding.",
)
@exercises_option
def command(
    path: Path,
    exercise: str,
    out: Path,
    roster: Path | None,
    jobs: int | None,
    sandbox: str | None,
    trusted: bool,
    regrade: str | None,
    exercises: Path | None,
) -> None:
    """Grade a class: PATH is a folder (files, or a folder for each student) or a Canvas or Moodle zip.

    OUT gets grades.csv, class.html, summary.json and a report for each student. Stopped at any moment, the
    same command goes on; a file that has not changed is not graded again.

    \b
    Exit codes: 0 every submission has a result, 2 usage, 3 some have none
    because the grader failed, 4 some only need a person.
    """
    from grader.batch.run import Plan, exit_code, run_batch

    settings = settings_with(exercises, sandbox=sandbox)
    plan = Plan(
        path=path,
        exercise=exercise,
        out=out,
        jobs=jobs or min(os.cpu_count() or 1, 8),
        roster=roster,
        regrade=regrade,
        trusted=trusted,
    )
    listener: Bar | Lines = Bar() if sys.stderr.isatty() else Lines()
    try:
        with _two_interrupts(), listener.open():
            result = run_batch(plan, settings, listener)
    except KeyboardInterrupt:
        click.echo("Interrupted. The same command goes on where it was.", err=True)
        raise
    if result.book is None:
        click.echo(f"Stopped: {result.left} are left. The same command goes on with them.", err=True)
        raise click.exceptions.Exit(130)
    show(closing(result, result.book, out))
    raise click.exceptions.Exit(exit_code(result.book))


@contextmanager
def _two_interrupts() -> Iterator[None]:
    """Two Ctrl-C end a batch in order; more are not heard, because they would cut the tidying short."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    heard = itertools.count(1)

    def interrupt(number: int, frame: FrameType | None) -> None:
        if next(heard) <= 2:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Lines:
    """Plain lines on stderr, one a submission."""

    def __init__(self) -> None:
        self._total = self._done = 0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Nothing to open."""
        yield

    def started(self, total: int, kept: int) -> None:
        """Say how much there is to do."""
        self._total, self._done = total, kept
        self.notice(_beginning(total, kept))

    def graded(self, student: str, report: Report) -> None:
        """One more has its result."""
        self._done += 1
        self.notice(f"[{self._done}/{self._total}] {student}: {verdict(report)}")

    def interrupted(self, running: int) -> None:
        """Asked to stop."""
        self.notice(_stopping(running))

    def notice(self, text: str) -> None:
        """A line that stays."""
        click.echo(one_line(text), err=True)


class Bar(Lines):
    """A bar on the terminal with rate and time left."""

    def __init__(self) -> None:
        super().__init__()
        self._progress = _progress()
        self._task = self._progress.add_task("grading", total=None, rate="", visible=False)
        self._began = time.monotonic()
        self._fresh = 0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Show the bar while the block runs."""
        with self._progress:
            yield

    def started(self, total: int, kept: int) -> None:
        """Begin to count; what is kept is done already, and tells nothing of the rate."""
        self._began = time.monotonic()
        self.notice(_beginning(total, kept))
        self._progress.update(self._task, total=total - kept, visible=total > kept)

    def graded(self, student: str, report: Report) -> None:
        """One more: the rate is over all since the start, which is calmer than the last few."""
        self._fresh += 1
        rate = self._fresh / max(time.monotonic() - self._began, 1e-3) * 60
        self._progress.update(self._task, advance=1, rate=f"{rate:.0f}/min")

    def notice(self, text: str) -> None:
        """A line above the bar."""
        from rich.text import Text

        self._progress.console.print(Text(one_line(text)))


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("time left"),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
    )


def _beginning(total: int, kept: int) -> str:
    have = f", {kept} of them graded already" if kept else ""
    return f"{total} submission{'' if total == 1 else 's'}{have}"


def _stopping(running: int) -> str:
    return (
        f"Stopping when the {running} that run now are done; press Ctrl-C again to end them at once."
        " The same command goes on with the rest."
    )


def verdict(report: Report) -> str:
    """A few words on a report."""
    if report.outcome == "grader_error":
        return f"no result, the grader failed: {report.summary}"
    if report.passed is None or report.score.points is None:
        return "needs a person"
    points = f"{report.score.points:g} of {report.score.max:g}"
    first = next((item.slug for item in report.findings if item.severity == "error"), "")
    return f"{'passed' if report.passed else 'not passed'}, {points}{f', {first}' if first else ''}"


def closing(result: Result, book: Gradebook, out: Path) -> str:
    """The last words of a batch: counts, where things are, and who is left to look at."""
    from grader.render.words import verifications

    verified = verifications(item.verification for item in book.entries)
    counts = {
        "passed": sum(item.passed is True for item in book.entries),
        "not passed": sum(item.passed is False for item in book.entries),
        "need a person": sum(item.outcome == "needs_person" for item in book.entries),
        "without a result": sum(item.outcome == "grader_error" for item in book.entries),
    }
    said = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    lines = [
        f"{_beginning(len(book.entries), 0)}: {said or 'nothing to grade'}",
        *([verified] if verified else []),
        f"{result.graded} graded now in {result.seconds:.1f} s, {result.kept} kept",
        f"  grades   {out / 'grades.csv'}",
        f"  class    {out / 'class.html'}",
        f"  reports  {out / 'reports'}",
    ]
    for title, names in (
        ("need a person", [item.student for item in book.entries if item.outcome == "needs_person"]),
        ("not in the roster", list(book.unmatched)),
        ("in the roster, nothing handed in", list(book.absent)),
        ("left aside", list(book.skipped)),
    ):
        lines += _listed(title, names)
    return "\n".join(lines) + "\n"


def _listed(title: str, names: list[str], most: int = 20) -> list[str]:
    if not names:
        return []
    more = [f"  … and {len(names) - most} more, see summary.json"] if len(names) > most else []
    return [f"{title}:", *(f"  {one_line(name)}" for name in names[:most]), *more]
