"""How hard the drawn exercises are: `make calibrate` trains right and hopeless loops on many challenges.

A threshold on hidden data is fair only if a right loop never falls under it and a loop that does not
learn never reaches it.  The loops here are bare (no grader, no spies) and fast; every row of the table
is one loop over all challenges, and a row outside its bar makes the program exit with 1.
Another exercise joins by adding its function to EXERCISES.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Row:
    """One loop's hidden metric on every challenge, with the bars it has to stay between."""

    loop: str
    values: list[float]
    least: float | None = None
    below: float | None = None

    @property
    def kept(self) -> bool:
        """Whether all values are at least `least` and under `below`."""
        over = self.least is None or min(self.values) >= self.least
        return over and (self.below is None or max(self.values) < self.below)


def load_task(slug: str) -> ModuleType:
    """The task.py of an exercise, as a module of its own."""
    spec = importlib.util.spec_from_file_location("task", ROOT / "exercises" / slug / "task.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seed(purpose: str, challenge: int) -> int:
    """A 256-bit sub-seed, as the grader would make one."""
    return int.from_bytes(hashlib.sha256(f"{purpose} {challenge}".encode()).digest(), "big")


# ── mnist-from-memory ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Loop:
    """What a loop on the digits does, and the bars for its accuracy."""

    name: str
    rate: float = 0.1
    epochs: int = 5
    true_labels: bool = True
    one_batch: bool = False
    least: float | None = None
    below: float | None = None


DIGIT_LOOPS = (
    Loop("the reference", least=0.915),
    Loop("one epoch only", epochs=1),
    Loop("rate 100 times too small", rate=0.001, below=0.89),
    Loop("labels ignored", true_labels=False, below=0.89),
    Loop("one batch repeated", one_batch=True, below=0.89),
)
INPUTS = {"raw": (1.0, 0.0), "normalised": (1 / 0.3081, -0.1307 / 0.3081)}


def train_linear(
    images: torch.Tensor, labels: torch.Tensor, loop: Loop, generator: torch.Generator
) -> list[np.ndarray]:
    """Weights (10, 784) and bias (10,) after the loop, with nn.Linear's own kind of initial values."""
    layer = torch.nn.Linear(784, 10)
    weight, bias = layer.weight, layer.bias
    with torch.no_grad():
        for value in (weight, bias):
            value.uniform_(-(784**-0.5), 784**-0.5, generator=generator)
    if not loop.true_labels:
        labels = labels[torch.randperm(len(labels), generator=generator)]
    for _ in range(loop.epochs):
        order = torch.randperm(len(images), generator=generator)
        for start in range(0, len(order), 64):
            batch = slice(0, 64) if loop.one_batch else order[start : start + 64]
            loss = functional.cross_entropy(functional.linear(images[batch], weight, bias), labels[batch])
            for value, slope in zip((weight, bias), torch.autograd.grad(loss, (weight, bias)), strict=True):
                value.data.sub_(slope, alpha=loop.rate)
    return [weight.detach().numpy(), bias.detach().numpy()]


def mnist_from_memory(challenges: int) -> list[Row]:
    """Every loop on raw and on normalised inputs."""
    task = load_task("mnist-from-memory")
    values: dict[tuple[str, Loop], list[float]] = {
        (kind, loop): [] for loop in DIGIT_LOOPS for kind in INPUTS
    }
    for challenge in range(challenges):
        seeds = {purpose: seed(purpose, challenge) for purpose in ("train", "hidden")}
        training, hidden, _ = task.draw(seeds, None)
        raw, labels = (task.read_idx(training[name]) for name in task.TRAINING_FILES[:2])
        pixels = torch.from_numpy(raw.reshape(-1, 784).astype(np.float32) / 255)
        targets = torch.from_numpy(labels.astype(np.int64))
        for (kind, loop), row in values.items():
            scale, shift = INPUTS[kind]
            generator = torch.Generator().manual_seed(challenge)
            weights = train_linear(pixels * scale + shift, targets, loop, generator)
            row.append(task.evaluate(weights, hidden, scale, shift)[0]["accuracy"])
    return [Row(f"{loop.name}, {kind}", row, loop.least, loop.below) for (kind, loop), row in values.items()]


# ── the table ────────────────────────────────────────────────────────────────────────────────────

EXERCISES: dict[str, Callable[[int], list[Row]]] = {"mnist-from-memory": mnist_from_memory}


def table(rows: list[Row]) -> str:
    """The rows as text: least, mean and greatest value, the bar, and whether it held."""
    lines = [f"{'loop':<38}{'min':>8}{'mean':>8}{'max':>8}  bar"]
    for row in rows:
        bars = [f"≥ {row.least:.3f}" if row.least is not None else ""]
        bars.append(f"< {row.below:.3f}" if row.below is not None else "")
        bar = " ".join(filter(None, bars))
        verdict = "" if not bar else (" held" if row.kept else " BROKEN")
        low, mean, high = min(row.values), sum(row.values) / len(row.values), max(row.values)
        lines.append(f"{row.loop:<38}{low:>8.4f}{mean:>8.4f}{high:>8.4f}  {bar}{verdict}".rstrip())
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; 1 when a bar is broken."""
    parser = argparse.ArgumentParser(description="Train right and hopeless loops on many challenges.")
    parser.add_argument("--exercise", choices=sorted(EXERCISES), action="append", help="default: all")
    parser.add_argument("--challenges", type=int, default=50, help="how many challenges to draw (default 50)")
    options = parser.parse_args(arguments)
    if options.challenges < 1:
        parser.error("--challenges must be at least 1")
    torch.set_num_threads(1)
    kept = True
    for slug in options.exercise or sorted(EXERCISES):
        rows = EXERCISES[slug](options.challenges)
        print(f"{slug}: {options.challenges} challenges\n{table(rows)}")
        kept = kept and all(row.kept for row in rows)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
