"""What the spies cost a training loop: CPU time watched over CPU time bare, taken in turn in one process.

    make bench-overhead
    python -m benchmarks.overhead --program      with each step's operations told, as a run that is verified has it
    python -m benchmarks.overhead --labels       with torch's labels for profilers in place: what watching alone adds

A stretch is a whole run as a student's file makes it: five epochs over 6,000 rows for the linear model, and
over 60,000, as many as the real MNIST has; three over 6,000 for the small CNN.  It has every ledger window where
a real run has it, and all spies and watchers as `sandbox/child.py` puts them in place.  The two kinds of stretch
alternate, in swapped order every second round, on one thread; the ratio is taken round by round, and its median
is held against the bar.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch.autograd import profiler

from sandbox import trace, wire
from sandbox.results import Results
from sandbox.spies import install
from sandbox.spies.recorder import Recorder
from sandbox.spies.silent import SilentScript
from sandbox.spies.sources import SourceSpy

HELD_OUT, BATCH = 1000, 64
FILENAME = "loop.py"
SETUP = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
loader = DataLoader(TensorDataset(images, labels), batch_size=64, shuffle=True)
model = {model}
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
def train():
    for epoch in range({epochs}):
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
"""
LINEAR = "nn.Linear(784, 10)"
CNN = (
    "nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), "
    "nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(784, 10))"
)


@dataclass(frozen=True)
class Loop:
    """A loop to measure: its model, the batch's shape, and the most that watching may add."""

    name: str
    model: str
    row: tuple[int, ...]
    rows: int
    epochs: int
    rounds: int
    bar: float
    shapes: list[list[int]]

    @property
    def steps(self) -> int:
        """Steps of one stretch."""
        return self.epochs * -(-self.rows // BATCH)


@dataclass(frozen=True)
class Measured:
    """CPU seconds of every round's two stretches, and what closing the spies cost each watched one."""

    bare: list[float]
    watched: list[float]
    closing: list[float]

    @property
    def overheads(self) -> list[float]:
        """What watching added, round by round, as a share of the bare stretch."""
        return [watched / bare - 1 for bare, watched in zip(self.bare, self.watched, strict=True)]


LOOPS = [
    Loop("nn.Linear(784, 10)", LINEAR, (784,), 6000, 5, 40, 0.10, [[10, 784], [10]]),
    Loop("the same, real size", LINEAR, (784,), 60_000, 5, 8, 0.10, [[10, 784], [10]]),
    Loop("small CNN", CNN, (1, 28, 28), 6000, 3, 10, 0.03, [[10, 784], [10]]),
]


@cache
def images(count: int, seed: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Pictures of ten kinds, (count, 784) bytes, and their kinds."""
    kinds = np.random.default_rng(0).uniform(0, 255, (10, 784))
    generator = np.random.default_rng(seed)
    labels = generator.integers(10, size=count)
    noisy = kinds[labels] * 0.6 + generator.uniform(0, 255, (count, 784)) * 0.4
    return noisy.astype(np.uint8), labels


def prepare(loop: Loop) -> dict[str, Any]:
    """Run the student's file up to its `train`."""
    torch.manual_seed(7)
    pixels, labels = images(loop.rows, 1)
    names: dict[str, Any] = {
        "images": torch.from_numpy(pixels).float().reshape(-1, *loop.row) / 255,
        "labels": torch.from_numpy(labels),
    }
    exec(compile(SETUP.format(model=loop.model, epochs=loop.epochs), FILENAME, "exec"), names)  # noqa: S102
    return names


def timed(what: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    gc.collect()
    started = time.process_time()
    what()
    return time.process_time() - started


def bare(loop: Loop) -> float:
    """One stretch without spies."""
    return timed(prepare(loop)["train"])


def watched(loop: Loop, report: int, *, program: bool, labels: bool = False) -> tuple[float, float]:
    """One stretch with all of them, and what closing them took after it.

    With `program` each step's operations are told as well, so that a trusted process could execute them again.
    With `labels` torch makes its labels for profilers as it does in a bare stretch.
    """
    label = profiler.record_function
    recorder = Recorder(trace.Writer(lambda data: _send(report, data)), FILENAME)
    if not program:
        recorder.script = SilentScript(recorder)
    recorder.write(trace.Header(version=trace.VERSION, torch=torch.__version__, threads=1, entry="script"))
    spies = install(recorder)
    if labels:
        profiler.record_function = label  # type: ignore[misc]
    try:
        sources = SourceSpy(
            recorder, {"train": images(loop.rows, 1)[0], "held-out": images(HELD_OUT, 2)[0]}, loop.shapes
        )
        results = Results(recorder, loop.shapes, None, sources)
        spies.watchers += [sources.watch, results.watch]
        recorder.registry.given = False
        names = prepare(loop)
        ran = timed(names["train"])
    finally:
        spies.remove()

    def close() -> None:
        spies.close()
        results.finish(names)
        recorder.writer.flush()

    return ran, timed(close)


def _send(report: int, data: bytes) -> None:
    for start in range(0, len(data), wire.MAX_FRAME):
        wire.write_all(report, wire.frame(wire.TRACE, data[start : start + wire.MAX_FRAME]))


def measure(loop: Loop, *, program: bool = False, labels: bool = False) -> Measured:
    """All rounds of one loop, after a warm-up of each kind."""
    report = os.open(os.devnull, os.O_WRONLY)
    bare(loop)
    watched(loop, report, program=program, labels=labels)
    measured = Measured([], [], [])
    for number in range(loop.rounds):
        if number % 2:
            ran, closing = watched(loop, report, program=program, labels=labels)
            measured.bare.append(bare(loop))
        else:
            measured.bare.append(bare(loop))
            ran, closing = watched(loop, report, program=program, labels=labels)
        measured.watched.append(ran)
        measured.closing.append(closing)
    os.close(report)
    return measured


def main() -> int:
    """Measure, print the table; 1 when a bar is broken."""
    torch.set_num_threads(1)
    program, labels = "--program" in sys.argv[1:], "--labels" in sys.argv[1:]
    wanted = [word for word in sys.argv[1:] if not word.startswith("--")]
    told = ("programs told" if program else "order spies and ledger") + (", labels kept" if labels else "")
    print(f"torch {torch.__version__}, Python {sys.version.split()[0]}, one thread, batch {BATCH}, {told}")
    print(f"{'loop':<20}{'steps':>6}{'bare':>10}{'watched':>10}{'added':>8}{'quartiles':>16}{'bar':>6}  held")
    broken = 0
    for loop in LOOPS:
        if wanted and not any(word in loop.name for word in wanted):
            continue
        measured = measure(loop, program=program, labels=labels)
        low, middle, high = statistics.quantiles(measured.overheads, n=4)
        held = middle <= loop.bar
        broken += not held
        micro = 1e6 / loop.steps
        print(
            f"{loop.name:<20}{loop.steps:>6}{statistics.median(measured.bare) * micro:>7.0f} µs"
            f"{statistics.median(measured.watched) * micro:>7.0f} µs{middle:>8.1%}"
            f"{f'{low:.1%} … {high:.1%}':>16}{loop.bar:>6.0%}  {'yes' if held else 'NO'}"
            f"   (closing {statistics.median(measured.closing) * 1e3:.1f} ms)"
        )
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
