"""One submission: cold (`grade submit`), warm (a `Session`) and watched (`grade watch`), against the bare run.

    python -m benchmarks submit

The bare run is a fresh Python that makes the same model and data and calls the student's function.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import (
    QUICK_ROUNDS,
    ROUNDS,
    SECRET,
    SOLUTION,
    WRONG,
    Row,
    bare,
    command,
    environment,
    pairs,
    ratios,
    scratch,
    seconds,
    skipped,
)
from grader.ingest.loop import read_loop
from grader.launch import docker
from grader.render import render
from grader.session import Session
from grader.settings import Settings, load_settings, override

COLD_TIMES, COLD_PLUS = 1.3, 0.5
"""A cold `grade submit` may take so many times the bare run, and so many seconds more."""
WARM = 0.25
"""A warm submission may take so many times the bare run."""
WATCHED = 0.3
"""Seconds from a save to its report."""
LONGEST = 120.0


def measure(*, quick: bool) -> Iterator[Row]:
    """All rows of this part."""
    os.environ["GRADE_SECRET"] = SECRET
    rounds = QUICK_ROUNDS if quick else ROUNDS
    yield from cold(rounds)
    for name, settings in places():
        if settings is None:
            yield skipped("submit", f"warm, {name}", "no engine and image, or no such setting yet")
        else:
            yield from warm(name, settings, rounds)
    yield from watched(rounds)


def places() -> Iterator[tuple[str, Settings | None]]:
    """Where a session can run, and its settings: None where that cannot be had here."""
    plain = load_settings()
    yield "local", override(plain, sandbox="local")
    missing = bool(docker.ready(plain.device))
    for isolation in ("container", "fork"):
        settings = isolated(plain, isolation)
        yield f"docker, {isolation}", None if missing or settings is None else settings


def isolated(settings: Settings, isolation: str) -> Settings | None:
    """The settings for containers in that isolation; None while there is no such setting."""
    if "isolation" not in Settings.model_fields:
        return None
    return override(settings, sandbox="docker", isolation=isolation)


def cold(rounds: int) -> Iterator[Row]:
    """`grade submit` from nothing, in local mode."""
    yield cold_row("right file", SOLUTION, 0, COLD_TIMES, rounds)
    yield cold_row("wrong file", WRONG, 1, None, rounds)


def cold_row(what: str, path: Path, code: int, bar: float | None, rounds: int) -> Row:
    """One file, which ends with that exit code."""

    def submit() -> float:
        options = ("--exercise", "linreg-torch", "--sandbox", "local")
        return command("-m", "grader.cli", "submit", path, *options, codes=frozenset((code,)))

    bares, submits = pairs(lambda: bare(path), submit, rounds)
    values = ratios([taken - COLD_PLUS for taken in submits], bares)
    note = f"({seconds(submits)} - {COLD_PLUS} s) / {seconds(bares)}"
    return Row("submit", f"cold, local, {what}", values, "× bare", bar, note=note)


def warm(name: str, settings: Settings, rounds: int) -> Iterator[Row]:
    """A session that has graded a file already; the report is rendered, too."""
    with Session(settings, trusted=True) as session:
        yield warm_row(session, f"warm, {name}, right file", SOLUTION, WARM, rounds)
        yield warm_row(session, f"warm, {name}, wrong file", WRONG, None, rounds)


def warm_row(session: Session, what: str, path: Path, bar: float | None, rounds: int) -> Row:
    """One file, after a grading that does not count; of a wrong one also when its first report was there."""
    submission, _ = read_loop(path, "linreg-torch", session.settings)
    early: list[float] = []

    def grade() -> float:
        started = time.monotonic()
        report = session.grade(submission, early=lambda report: early.append(time.monotonic() - started))
        render(report, "terminal")
        if report.outcome != "graded":
            raise RuntimeError(report.summary)
        return time.monotonic() - started

    grade()
    early.clear()
    bares, graded = pairs(lambda: bare(path), grade, rounds)
    note = f"{seconds(graded)} / {seconds(bares)}"
    if early:
        note += f"; {seconds(early)} until it is likened to known mistakes"
    return Row("submit", what, ratios(graded, bares), "× bare", bar, note=note)


def watched(rounds: int) -> Iterator[Row]:
    """`grade watch`: from the moment a file is written to the moment its report is."""
    with scratch() as folder:
        path, out = folder / "loop.py", folder / "out"
        options = ("--exercise", "linreg-torch", "--sandbox", "local")
        path.write_bytes(SOLUTION.read_bytes())
        with open(out, "wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "grader.cli", "watch", path.name, *options],
                cwd=folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
            )
        try:
            _until_shown(process, out, 1)
            values = []
            for number in range(2, rounds + 2):
                started = time.monotonic()
                path.write_bytes(SOLUTION.read_bytes() + b"\n" * number)
                _until_shown(process, out, number)
                values.append(time.monotonic() - started)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=LONGEST)
    yield Row("submit", "grade watch, local, from save to report", tuple(values), "s", WATCHED)


def _until_shown(process: subprocess.Popen[bytes], out: Path, number: int) -> None:
    """Wait for the whole report on that save."""
    until = time.monotonic() + LONGEST
    pattern = re.compile(rf"^--- loop\.py, save {number} .*^Ran in local mode", re.M | re.S)
    while not pattern.search(out.read_text()):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"grade watch showed no report on save {number}")
        time.sleep(0.002)
