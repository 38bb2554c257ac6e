"""What all benchmarks share: how two things are timed against each other, a row of the table, and the machine."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from benchmarks.verification import processor
from grader.exercise import load_exercise

ROUNDS, QUICK_ROUNDS = 7, 1
LINREG = load_exercise("linreg-torch")
SOLUTION = LINREG.reference / "solution.py"
WRONG = LINREG.reference / "bugs" / "missing_zero_grad.py"
BARE = Path(__file__).parent / "bare.py"
ROOT = BARE.parents[1]
SECRET = "5e" * 32


@dataclass(frozen=True)
class Row:
    """One figure: its value in every round, and the bar that their median is held against (None: there is none).

    The bar is the most that is allowed, or with `least` the least.  A row that could not be measured here has no
    values, and says why in `note`.
    """

    part: str
    what: str
    values: tuple[float, ...]
    unit: str
    bar: float | None = None
    least: bool = False
    note: str = ""

    @property
    def median(self) -> float:
        """What is held against the bar."""
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The first and the third; of one round both are its value."""
        if len(self.values) < 2:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.values, n=4)
        return low, high

    @property
    def held(self) -> bool | None:
        """Whether the bar is held; None where there is none, or nothing was measured."""
        if self.bar is None or not self.values:
            return None
        return self.median >= self.bar if self.least else self.median <= self.bar

    def as_json(self) -> dict[str, object]:
        """The row for the JSON file."""
        told: dict[str, object] = {"part": self.part, "what": self.what, "unit": self.unit, "note": self.note}
        if self.values:
            told |= {"median": self.median, "quartiles": self.quartiles, "values": self.values}
        if self.bar is not None:
            told |= {"bar": self.bar, "bar_is": "least" if self.least else "most", "held": self.held}
        return told


def skipped(part: str, what: str, reason: str) -> Row:
    """A row that could not be measured here."""
    return Row(part, what, (), "", note=reason)


def pairs(
    one: Callable[[], float], other: Callable[[], float], rounds: int
) -> tuple[list[float], list[float]]:
    """What both give, round by round; every second round begins with the other one."""
    ones, others = [], []
    for number in range(rounds):
        if number % 2:
            others.append(other())
            ones.append(one())
        else:
            ones.append(one())
            others.append(other())
    return ones, others


def ratios(ones: Sequence[float], others: Sequence[float]) -> tuple[float, ...]:
    """One by the other, round by round."""
    return tuple(one / other for one, other in zip(ones, others, strict=True))


def seconds(values: Sequence[float]) -> str:
    """Their median in words."""
    return f"{statistics.median(values):.2f} s"


def command(*arguments: object, codes: frozenset[int] = frozenset((0,)), folder: Path = ROOT) -> float:
    """Seconds that a fresh Python takes for this.  Raises RuntimeError when it ends with another code."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    taken = time.monotonic() - started
    if done.returncode not in codes:
        raise RuntimeError(f"{arguments} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    return taken


def environment() -> dict[str, str]:
    """What every process that is measured runs under: this checkout, one thread, no settings from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRADE_")}
    return kept | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GRADE_SECRET": SECRET}


def bare(path: Path = SOLUTION) -> float:
    """Seconds of a file under the bare driver."""
    return command(BARE, path)


@contextmanager
def scratch():
    """An empty folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="metronome-bench-") as folder:
        yield Path(folder)


def machine() -> dict[str, object]:
    """Processors, how busy they are, and system."""
    return {
        "processors": os.cpu_count(),
        "processor": processor(),
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """What is measured, and on what."""
    return {"python": platform.python_version()} | {
        name: metadata.version(name) for name in ("metronome-grader", "torch", "numpy", "pydantic")
    }
