"""`make bench-detection`: every mutant through the oracle and the grader, and how well they agree.

    python -m tests.mutation.bench [--exercise SLUG] [--operator NAME] [--file NAME] [--sample N --seed S]

prints, per operator and exercise, how many mutants are bad, how many of those the grader flagged (an error or a
warning), how many it missed, and how many of the others it flagged; then each miss and false flag.  It exits
with 1 when less than 98 % of the bad are detected, less than 90 % in an operator, or any other is flagged.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

from grader.exercise import load_exercise, slugs
from grader.launch.lines import Lines
from grader.launch.local import LocalLauncher
from grader.models import Submission
from grader.pipeline import grade_submission
from tests.mutation.operators import OPERATORS, Mutant, mutants

OVERALL, EACH = 0.98, 0.90
"""The least shares of bad mutants to be detected: of all, and of each operator's."""
PROCESSES = 2
SECRET = bytes(range(32))
LEAST_DEADLINE = 6.0
DEADLINE = {"mnist-from-memory": 40.0}
"""Seconds a mutant may run in the grader, where the usual ones are too few for a right loop."""


@dataclass(frozen=True)
class Result:
    """What oracle and grader said of a mutant.  `found` are the slugs of errors and warnings."""

    mutant: Mutant
    bad: bool
    reason: str
    found: tuple[str, ...]
    outcome: str
    seconds: float

    @property
    def missed(self) -> bool:
        """Bad, and not flagged."""
        return self.bad and not self.found

    @property
    def false(self) -> bool:
        """Flagged, and not bad."""
        return bool(self.found) and not self.bad


# ── which mutants ────────────────────────────────────────────────────────────────────────────────


def originals(slug: str) -> Iterator[tuple[str, str]]:
    """Name and source of an exercise's solution and variants."""
    folder = load_exercise(slug).reference
    for path in [folder / "solution.py", *sorted((folder / "variants").glob("*.py"))]:
        if path.is_file():
            yield path.stem, path.read_text(encoding="utf-8")


def trains_a_module(slug: str) -> bool:
    """Whether an exercise hands over a torch module named `model`, or is a script that makes one."""
    exercise = load_exercise(slug)
    if exercise.entry == "script":
        return True
    model = exercise.folder / "model.py"
    if exercise.entry != "function" or not model.is_file() or "torch" not in model.read_text():
        return False
    import torch

    from tests.mutation.challenge import challenge

    return isinstance(challenge(slug).make().get("model"), torch.nn.Module)


def all_mutants(exercises: Iterable[str]) -> list[Mutant]:
    """Every mutant of every file of these exercises."""
    return [
        mutant
        for slug in exercises
        for name, source in originals(slug)
        for mutant in mutants(source, slug, name)
    ]


def sample(everything: list[Mutant], number: int, seed: int, first: Sequence[str] = ()) -> list[Mutant]:
    """`number` mutants of each operator by a fixed seed; those of the `first` exercises come first, in their order."""
    chosen: list[Mutant] = []
    place = {slug: number for number, slug in enumerate(first)}
    for operator in OPERATORS:
        own = [mutant for mutant in everything if mutant.operator == operator]
        random.Random(f"{seed} {operator}").shuffle(own)
        own.sort(key=lambda mutant: place.get(mutant.slug, len(place)))
        chosen += own[:number]
    return chosen


# ── judging ──────────────────────────────────────────────────────────────────────────────────────


@cache
def _lines() -> Lines:
    lines = Lines(LocalLauncher(), reuse=True)
    Finalize(None, lines.close, exitpriority=10)
    return lines


@cache
def _oracle(slug: str):  # type: ignore[no-untyped-def] # the main process need not import torch
    from tests.mutation.oracle import Oracle

    return Oracle(slug, (source for _, source in originals(slug)))


def judge(mutant: Mutant) -> Result:
    """Oracle and grader on one mutant."""
    started = time.monotonic()
    right = dict(originals(mutant.slug))[mutant.file]
    judgement = _oracle(mutant.slug).judge(right, mutant.source)
    exercise = load_exercise(mutant.slug).model_copy(update={"budget": 0.0})  # what it says, not why
    deadline = DEADLINE.get(
        mutant.slug, max(LEAST_DEADLINE, 6 * _oracle(mutant.slug).original(right).seconds)
    )
    submission = Submission(filename="loop.py", source=mutant.source.encode(), exercise=mutant.slug)
    report = grade_submission(submission, exercise, _lines(), SECRET, deadline=deadline)
    found = tuple(item.slug for item in report.findings if item.severity != "note")
    return Result(mutant, judgement.bad, judgement.reason, found, report.outcome, time.monotonic() - started)


def judge_all(chosen: list[Mutant], processes: int = PROCESSES) -> Iterator[Result]:
    """Every mutant judged, in order, by processes of their own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from pool.map(judge, chosen)


# ── the table ────────────────────────────────────────────────────────────────────────────────────


def counts(results: Iterable[Result]) -> tuple[int, int, int, int, int]:
    """Mutants, bad ones, detected, missed, falsely flagged."""
    listed = list(results)
    bad = sum(item.bad for item in listed)
    missed = sum(item.missed for item in listed)
    return len(listed), bad, bad - missed, missed, sum(item.false for item in listed)


def table(results: list[Result]) -> str:
    """Counts per operator and exercise, per operator, and in all."""
    titles = ("mutants", "bad", "detected", "missed", "false", "share")
    lines = [_columns("operator", "exercise", titles)]
    groups: dict[str, dict[str, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for item in results:
        groups[item.mutant.operator][item.mutant.slug].append(item)
    for operator in OPERATORS:
        by_slug = groups.get(operator, {})
        lines += [_row(operator, slug, by_slug[slug]) for slug in sorted(by_slug)]
        if len(by_slug) > 1:
            lines.append(_row(operator, "all", [item for part in by_slug.values() for item in part]))
    for slug in sorted({item.mutant.slug for item in results}):
        lines.append(_row("all", slug, [item for item in results if item.mutant.slug == slug]))
    lines.append(_row("all", "all", results))
    return "\n".join(lines)


def _row(operator: str, slug: str, results: list[Result]) -> str:
    number, bad, detected, missed, false = counts(results)
    share = f"{detected / bad:.1%}" if bad else "-"
    return _columns(operator, slug, (number, bad, detected, missed, false, share))


def _columns(operator: str, slug: str, values: tuple[object, ...]) -> str:
    return f"{operator:<12}{slug:<22}" + "".join(f"{value!s:>10}" for value in values)


def broken(results: list[Result]) -> list[str]:
    """The bars that do not hold, in words."""
    _, bad, detected, _, false = counts(results)
    words = []
    if bad and detected < OVERALL * bad:
        words.append(f"{detected / bad:.1%} of the bad mutants were detected, not {OVERALL:.0%}")
    for operator in OPERATORS:
        _, own, found, _, _ = counts(item for item in results if item.mutant.operator == operator)
        if own and found < EACH * own:
            words.append(f"{operator}: {found / own:.1%} were detected, not {EACH:.0%}")
    if false:
        words.append(f"{false} mutants were flagged that are not bad")
    return words


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and say by the exit code whether the bars hold."""
    parser = argparse.ArgumentParser(description="Grade broken copies of right loops.")
    parser.add_argument(
        "--exercise", action="append", choices=slugs(), help="default: all that train a module"
    )
    parser.add_argument("--operator", action="append", choices=list(OPERATORS), help="default: all")
    parser.add_argument("--file", action="append", help="only this file's mutants (name without .py)")
    parser.add_argument("--sample", type=int, help="that many mutants of each operator and exercise")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--json", type=Path, help="append every result to this file, a line each")
    options = parser.parse_args(arguments)
    results: list[Result] = []
    for slug in options.exercise or slugs():
        if not trains_a_module(slug):
            print(f"{slug}: trains no torch module", file=sys.stderr)
            continue
        chosen = [
            mutant
            for mutant in all_mutants([slug])
            if (not options.operator or mutant.operator in options.operator)
            and (not options.file or mutant.file in options.file)
        ]
        chosen = sample(chosen, options.sample, options.seed) if options.sample else chosen
        started = time.monotonic()
        for number, item in enumerate(judge_all(chosen), start=1):
            results.append(item)
            if options.json:
                with options.json.open("a", encoding="utf-8") as file:
                    file.write(
                        json.dumps({**asdict(item), "missed": item.missed, "false": item.false}) + "\n"
                    )
            if number % 50 == 0:
                print(
                    f"{slug}: {number} of {len(chosen)}, {time.monotonic() - started:.0f} s", file=sys.stderr
                )
    print(table(results))
    for title, listed in (
        ("missed", [item for item in results if item.missed]),
        ("falsely flagged", [item for item in results if item.false]),
    ):
        print(f"\n{title}: {len(listed)}")
        for item in listed:
            said = ", ".join(item.found) if item.found else item.outcome
            print(f"  {item.mutant.name}: {item.reason or 'no difference'} [{said}]")
    print("\n" + ("\n".join(broken(results)) or "All bars hold."))
    return 1 if broken(results) else 0


if __name__ == "__main__":
    sys.exit(main())
