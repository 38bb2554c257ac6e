"""All benchmarks, in one table and one JSON file: `python -m benchmarks [PART ...] [--quick] [--json FILE]`.

    submit         one submission, cold, warm and watched
    batch          a class of 200
    overhead       what watching costs a loop
    verification   what verifying a run costs
    trace          size of a trace and memory of its child, by steps

It ends with 1 where a bar is broken.  The figures count only on a machine that does nothing else: its load is told.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.measuring import QUICK_ROUNDS, ROUNDS, Row, machine, versions

HEAD = f"{'part':<13}{'what':<46}{'median':>12}{'quartiles':>18}{'bar':>8}  {'held':<5}"
VERIFIED = ("linreg-torch/solution", "circles/solution", "mnist-from-memory/solution")


def submit(*, quick: bool) -> Iterable[Row]:
    """One submission."""
    from benchmarks import submit as part

    return part.measure(quick=quick)


def batch(*, quick: bool) -> Iterable[Row]:
    """A class."""
    from benchmarks import batch as part

    return part.measure(quick=quick)


def trace(*, quick: bool) -> Iterable[Row]:
    """Long runs."""
    from benchmarks import trace as part

    return part.measure(quick=quick)


def overhead(*, quick: bool) -> Iterator[Row]:
    """What watching costs; quick: the shortest loop, two rounds."""
    import torch

    from benchmarks import overhead as part

    torch.set_num_threads(1)
    for loop in part.LOOPS[:1] if quick else part.LOOPS:
        measured = part.measure(replace(loop, rounds=2) if quick else loop)
        shares = tuple(100 * share for share in measured.overheads)
        yield Row("overhead", f"{loop.name}, {loop.steps} steps", shares, "% added", 100 * loop.bar)


def verification(*, quick: bool) -> Iterator[Row]:
    """What verifying costs, as a share of what is allowed; quick: one file, one round."""
    from benchmarks import verification as part
    from grader.launch.choose import choose_launcher
    from grader.launch.lines import Lines
    from grader.settings import load_settings

    launcher = choose_launcher(load_settings(), False, lambda line: print(line, file=sys.stderr))
    with Lines(launcher, reuse=True) as lines:
        bench = part.Bench(lines)
        solutions, _ = part.files(bench, VERIFIED[:1] if quick else VERIFIED, 0)
        for file in solutions:
            measured = bench.measure(file, QUICK_ROUNDS if quick else ROUNDS)
            shares = tuple(cost / measured.allowed for cost in measured.costs)
            note = f"{launcher.name}: {measured.cost:.2f} s of {measured.allowed:.2f} s"
            yield Row("verification", file.name, shares, "× allowed", 1.0, note=note)


PARTS = {part.__name__: part for part in (submit, batch, overhead, verification, trace)}


def line(row: Row) -> str:
    """A row of the table."""
    if not row.values:
        return f"{row.part:<13}{row.what:<46}{'skipped':>12}  {row.note}"
    low, high = row.quartiles
    bar = "" if row.bar is None else f"{'≥' if row.least else '≤'} {row.bar:g}"
    held = {None: "", True: "yes", False: "NO"}[row.held]
    return (
        f"{row.part:<13}{row.what:<46}{f'{row.median:.2f} {row.unit}':>12}{f'{low:.2f} … {high:.2f}':>18}"
        f"{bar:>8}  {held:<5}{row.note}".rstrip()
    )


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table, write the JSON; 1 when a bar is broken."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Metronome's benchmarks.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="one round of everything: to see that it runs")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="(default: bench.json)")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.parts if name not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    told = {
        "machine": machine(),
        "versions": versions(),
        "quick": given.quick,
        "begun": time.strftime("%FT%T%z"),
    }
    print(json.dumps(told, ensure_ascii=False))
    print(HEAD, flush=True)
    rows: list[Row] = []
    for name in given.parts or PARTS:
        for row in PARTS[name](quick=given.quick):
            rows.append(row)
            print(line(row), flush=True)
    told |= {"load_at_the_end": machine()["load"], "rows": [row.as_json() for row in rows]}
    given.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return 1 if any(row.held is False for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
