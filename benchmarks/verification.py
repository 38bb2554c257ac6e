"""What verifying a run costs: grading with and without it, and the student's own training time, taken in turn.

    make bench-verify                      every solution, and two traced files of each exercise
    python -m benchmarks.verification --traced all linreg-torch circles/by_hand

One sandbox and one examiner serve all files and stay warm; the first round of each file is thrown away.  A round
trains the file bare, grades it without verification and grades it with it, in swapped order every second round.
What is held against the bar is the median of the differences, round by round.  A file's own time is that of its
training alone: from the call of the student's function to its return, without spies, in all runs of the exercise.
The runs of exercises that a judge verifies are not replayed, and are left out.

A file whose first run cannot be executed again as it was told is run a second time, with every operation traced;
these stand in a table of their own.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import torch

from grader.challenge import Challenge
from grader.examine import prepare
from grader.exercise import course, load_exercise, slugs
from grader.launch.choose import choose_launcher
from grader.launch.lines import Lines, limits_of
from grader.models import Submission, Verification
from grader.pipeline import grade_submission
from grader.runs import gated, job_of, run
from grader.settings import load_settings
from sandbox import trace

SECRET = bytes(range(32))
TIMES, PLUS = 1.2, 0.2
"""The bar: verification may take so many times the student's own training time, and so many seconds more."""

ROUNDS = 9
TRACED = 2
"""Traced files of each exercise that are measured, unless more are asked for."""


@dataclass(frozen=True)
class File:
    """A right file of an exercise."""

    slug: str
    path: Path

    @property
    def name(self) -> str:
        """The exercise and the file's name."""
        return f"{self.slug}/{self.path.stem}"

    @property
    def submission(self) -> Submission:
        """The file as it would be handed in."""
        return Submission(filename="loop.py", source=self.path.read_bytes(), exercise=self.slug)


@dataclass(frozen=True)
class Measured:
    """Seconds of every round: the training alone, the whole bare job, the grading without and with verification."""

    name: str
    own: list[float] = field(default_factory=list)
    job: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    verified: list[float] = field(default_factory=list)

    @property
    def costs(self) -> list[float]:
        """What verification added, round by round."""
        return [after - before for before, after in zip(self.plain, self.verified, strict=True)]

    @property
    def cost(self) -> float:
        """The median of what verification added."""
        return statistics.median(self.costs)

    @property
    def allowed(self) -> float:
        """What it may add."""
        return TIMES * statistics.median(self.own) + PLUS

    @property
    def held(self) -> bool:
        """Whether the bar is held."""
        return self.cost <= self.allowed


HEAD = f"{'file':<44}{'own':>7}{'job':>7}{'graded':>8}{'verified':>9}{'cost':>7}{'quartiles':>17}{'bar':>7}  held"


def row(measured: Measured) -> str:
    """One line of a table; all numbers are seconds."""
    low, _, high = statistics.quantiles(measured.costs, n=4)
    middle = statistics.median
    return (
        f"{measured.name:<44}{middle(measured.own):>7.3f}{middle(measured.job):>7.3f}"
        f"{middle(measured.plain):>8.3f}{middle(measured.verified):>9.3f}{measured.cost:>7.3f}"
        f"{f'{low:.3f} … {high:.3f}':>17}{measured.allowed:>7.3f}  {'yes' if measured.held else 'NO'}"
    )


def closing(kind: str, measured: Sequence[Measured]) -> str:
    """The sentence under a table."""
    broken = [item.name for item in measured if not item.held]
    if not broken:
        return f"All {len(measured)} {kind} hold the bar."
    return f"{len(measured) - len(broken)} of {len(measured)} {kind} hold the bar; not: {', '.join(broken)}."


def machine() -> str:
    """This machine's processors, how busy they are, and its system."""
    return f"{os.cpu_count()} × {processor()}, load {os.getloadavg()[0]:.1f}, {platform.system()} {platform.release()}"


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def right_files(slug: str) -> Iterator[File]:
    """An exercise's solution, then its variants."""
    folder = course("reference") / slug
    yield File(slug, folder / "solution.py")
    yield from (File(slug, path) for path in sorted((folder / "variants").glob("*.py")))


def chosen(file: File, words: Sequence[str]) -> bool:
    """Whether a file is asked for; all are where no word is given."""
    return not words or any(word in file.name for word in words)


class Bench:
    """Grades files over lines that stay open."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def bare(self, file: File) -> tuple[float, float]:
        """Seconds of the training alone and of the whole jobs, without spies, over all runs of the exercise."""
        exercise, submission = load_exercise(file.slug), file.submission
        limits = limits_of(exercise)
        challenge = Challenge.derive(SECRET, file.slug, exercise.version, "", submission.sha256)
        prepared = prepare(self._lines.examiner(), exercise, challenge)
        own = whole = 0.0
        for parameters in ({}, *(more.parameters for more in exercise.run)):
            job = job_of(submission, exercise, challenge, prepared, parameters)
            job.fields["spies"] = False
            outcome = run(job, exercise, self._lines, limits)
            refused, records = gated(outcome)
            marks = {type(record): record.seconds for record in records if isinstance(record, MARKS)}
            if refused or marks.keys() != set(MARKS):
                raise RuntimeError(f"{file.name} did not run bare: {refused}")
            own += marks[trace.Over] - marks[trace.Started]
            whole += outcome.seconds
        return own, whole

    def graded(self, file: File, *, verify: bool) -> tuple[float, Verification | None, list[str]]:
        """Seconds of one grading, how far it was verified, and what it said it was doing."""
        said: list[str] = []
        started = time.monotonic()
        report = grade_submission(
            file.submission,
            load_exercise(file.slug),
            self._lines,
            SECRET,
            progress=said.append,
            verify=verify,
        )
        seconds = time.monotonic() - started
        if report.passed is not True:
            raise RuntimeError(f"{file.name} did not pass: {report.outcome}")
        return seconds, report.verification, said

    def kind(self, file: File) -> str:
        """How a file is verified: "replayed", "traced" (replayed from a second run), or "otherwise"."""
        _, verification, said = self.graded(file, verify=True)
        if verification is None or (verification.status, verification.method) != ("verified", "replay"):
            return "otherwise"
        return "traced" if any("once more" in line for line in said) else "replayed"

    def measure(self, file: File, rounds: int) -> Measured:
        """All rounds of one file, after one that does not count."""
        measured = Measured(file.name)
        for number in range(rounds + 1):
            taken: dict[bool, float] = {}
            if number % 2:
                taken[True] = self.graded(file, verify=True)[0]
                taken[False] = self.graded(file, verify=False)[0]
                own, job = self.bare(file)
            else:
                own, job = self.bare(file)
                taken[False] = self.graded(file, verify=False)[0]
                taken[True] = self.graded(file, verify=True)[0]
            if number:
                measured.own.append(own)
                measured.job.append(job)
                measured.plain.append(taken[False])
                measured.verified.append(taken[True])
        return measured


MARKS = (trace.Started, trace.Over)


def files(bench: Bench, words: Sequence[str], most: int | None) -> tuple[list[File], list[File]]:
    """The solutions whose runs are replayed, and of each exercise at most `most` files whose run has to be traced."""
    solutions: list[File] = []
    traced: list[File] = []
    for slug in slugs():
        if load_exercise(slug).graded is None:
            continue
        solution, *variants = right_files(slug)
        if chosen(solution, words) and (kind := bench.kind(solution)) != "otherwise":
            (solutions if kind == "replayed" else traced).append(solution)
        wanted = (file for file in variants if chosen(file, words))
        traced += islice((file for file in wanted if bench.kind(file) == "traced"), most)
    return solutions, traced


def main(arguments: Sequence[str]) -> int:
    """Measure, print the tables; 1 when the bar is broken."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.verification", description="What verifying a run costs."
    )
    parser.add_argument(
        "words", nargs="*", help="only files whose name (exercise/file) has one of these in it"
    )
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help=f"that count, at least 7 (default: {ROUNDS})"
    )
    parser.add_argument(
        "--traced", default=str(TRACED), help='traced files of each exercise: a number or "all"'
    )
    given = parser.parse_args(arguments)
    most = None if given.traced == "all" else int(given.traced)
    launcher = choose_launcher(load_settings(), False, lambda line: print(line, file=sys.stderr))
    print(machine())
    print(f"torch {torch.__version__}, Python {sys.version.split()[0]}, {launcher.name}: {launcher.ground}")
    print(f"bar: {TIMES} × own + {PLUS} s; medians of {max(given.rounds, 7)} rounds, in seconds")
    broken = 0
    with Lines(launcher, reuse=True) as lines:
        bench = Bench(lines)
        solutions, traced = files(bench, given.words, most)
        for kind, chosen_files in (("solutions", solutions), ("traced files", traced)):
            if not chosen_files:
                continue
            print(f"\n{kind}\n{HEAD}")
            measured = []
            for file in chosen_files:
                measured.append(bench.measure(file, max(given.rounds, 7)))
                print(row(measured[-1]), flush=True)
            print(closing(kind, measured))
            broken += sum(not item.held for item in measured)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
