"""A class: `grade batch` on 200 submissions of linreg-torch, two at a time, against running the files bare.

    python -m benchmarks batch

Right and wrong files, none of which runs into a limit, each made another by a comment.  The command is measured from
nothing, as it is called: starting and writing all reports are included.  Bare means a fresh Python for each file, two
at a time.  A round takes 30 of the files bare and in containers of their own, where each file costs the same, and all
200 where processes are shared; what is compared are files a second.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from benchmarks.measuring import (
    BARE,
    LINREG,
    QUICK_ROUNDS,
    ROUNDS,
    SOLUTION,
    Row,
    command,
    pairs,
    ratios,
    scratch,
    skipped,
)
from grader.launch import docker
from grader.settings import Settings, load_settings

CLASS, PART, QUICK = 200, 30, 4
JOBS = 2
FORK, CONTAINER = 15.0, 0.5
"""How many times as many files a second as bare: the bars of the two isolations."""
INTO_LIMITS = ("timed_out", "memory_exceeded", "output_exceeded")
ANY_END = frozenset((0, 1))
ANY_VERDICT = ANY_END | {4}
"""Exit codes of `grade batch` where every file was graded; 4: a person has to look at some."""


def measure(*, quick: bool) -> Iterator[Row]:
    """All rows of this part."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    many, few = (QUICK, QUICK) if quick else (CLASS, PART)
    yield compared("local mode, one zygote for each of the two", ("local",), None, many, few, rounds)
    missing = docker.ready(load_settings().device)
    for isolation, count, bar in (("fork", many, FORK), ("container", few, CONTAINER)):
        what = f"docker, isolation {isolation}"
        if missing:
            yield skipped("batch", what, missing)
        elif "isolation" not in Settings.model_fields:
            yield skipped("batch", what, "The setting `isolation` does not exist yet.")
        else:
            yield compared(what, ("docker", isolation), bar, count, few, rounds)


def compared(what: str, place: tuple[str, ...], bar: float | None, count: int, few: int, rounds: int) -> Row:
    """Files a second of a batch of `count`, by those of `few` bare ones."""
    with scratch() as folder:
        hand_ins = write(folder / "hand-ins", count)
        bares, batches = pairs(
            lambda: few / run_bare(hand_ins[:few]),
            lambda: count / run_batch(folder / "hand-ins", folder, place, count),
            rounds,
        )
    note = f"{count} files, {median(batches):.2f} a second / {median(bares):.2f}"
    return Row("batch", what, ratios(batches, bares), "× bare", bar, least=True, note=note)


def sources() -> list[Path]:
    """Right and wrong files of the exercise, in turn as far as they go, none of which runs into a limit."""
    right = [SOLUTION, *sorted((LINREG.reference / "variants").glob("*.py"))]
    bugs = sorted((LINREG.reference / "bugs").glob("*.py"))
    wrong = [path for path in bugs if not path.stem.startswith(INTO_LIMITS)]
    return [path for pair in zip(cycle(right), wrong, strict=False) for path in pair]


def write(folder: Path, count: int) -> list[Path]:
    """`count` hand-ins, one a student, no two of them the same."""
    folder.mkdir()
    paths = []
    for number, source in enumerate(islice(cycle(sources()), count)):
        paths.append(folder / f"student{number:03}.py")
        paths[-1].write_bytes(source.read_bytes() + f"\n# hand-in {number}\n".encode())
    return paths


def run_bare(paths: Sequence[Path]) -> float:
    """Seconds for all of them, each in a fresh Python, two at a time; a wrong one may well raise."""
    started = time.monotonic()
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(lambda path: command(BARE, path, codes=ANY_END), paths))
    return time.monotonic() - started


def run_batch(hand_ins: Path, folder: Path, place: tuple[str, ...], count: int) -> float:
    """Seconds of `grade batch` from nothing.  Raises RuntimeError unless every file has a report."""
    with scratch() as out:
        sandbox, *isolation = place
        lines = [f'sandbox = "{sandbox}"', *(f'isolation = "{name}"' for name in isolation)]
        (folder / "grade.toml").write_text("\n".join([*lines, ""]))
        options = ("--exercise", "linreg-torch", "--jobs", JOBS, "-o", out / "results")
        trust = ("--trust-submissions",) if sandbox == "local" else ()
        taken = command(
            "-m", "grader.cli", "batch", hand_ins, *options, *trust, codes=ANY_VERDICT, folder=folder
        )
        reports = len(list((out / "results" / "reports").glob("*.json")))
        if reports != count:
            raise RuntimeError(f"grade batch left {reports} reports on {count} files")
    return taken
