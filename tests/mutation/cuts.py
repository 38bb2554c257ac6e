"""Runs that are cut and run again, for exercises that want them to end as if nothing had happened.

A process is ended at a moment of its training; another one then runs the same file in the same folder, with fresh
objects and other initial weights.  All moments lie behind the first epoch, so that there is something to go on from:

    before a pass     when a loader begins it
    after a step      in the middle of an epoch, and right after its last one, before all that follows
    inside a write    the next file that is written gets no longer than a few bytes: the kernel ends the process
    before a move     when a file that is written is about to be put in its place
    after the end     a run that is over is run once more, and has to change nothing
"""

from __future__ import annotations

import os
import re
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from unittest import mock

from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.data import DataLoader

from grader.exercise import Exercise

CUT_OFF = 700
"""Bytes that a file gets: more than a marker needs, and less than any state dict."""


@dataclass(frozen=True)
class Cut:
    """Where a process ends: at pass or step `number` (from 1), or in the first write or move behind that pass."""

    at: Literal["pass", "step", "write", "move", "end"]
    number: int = 0

    @property
    def name(self) -> str:
        """In words, to stand behind "cut"."""
        words = {"write": "inside a write behind pass", "move": "before a move behind pass"}
        return f"{words.get(self.at, f'at {self.at}')} {self.number}" if self.number else "after the end"

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Whatever runs inside is cut there, with its whole process."""
        passes = steps = 0
        original: Any = DataLoader.__iter__

        def begin(loader: Any) -> Any:
            nonlocal passes
            passes += 1
            if self.at == "pass" and passes == self.number:
                end()
            if self.at == "write" and passes == self.number:
                short_files()
            return original(loader)

        def stepped(*_: object) -> None:
            nonlocal steps
            steps += 1
            if self.at == "step" and steps == self.number:
                end()

        def heard(event: str, _: object) -> None:
            if self.at == "move" and event == "os.rename" and passes >= self.number:
                end()

        sys.addaudithook(heard)  # it stays until the process ends
        handle = register_optimizer_step_post_hook(stepped)
        with mock.patch.object(DataLoader, "__iter__", begin):
            yield
        handle.remove()


def cuts(epochs: int, steps: int) -> list[Cut]:
    """The moments for a run of so many epochs (at least 4), each of so many steps."""
    middle = epochs // 2
    return [
        Cut("pass", 2),
        Cut("pass", epochs - 1),
        Cut("step", 2 * steps + steps // 2),
        Cut("step", 3 * steps),
        Cut("write", middle),
        Cut("move", middle + 1),
        Cut("end"),
    ]


def wanted(exercise: Exercise) -> bool:
    """Whether an exercise's runs are to be cut and run again."""
    return any("resume-diverges" in item.findings for item in exercise.requirement)


def stated(exercise: Exercise, given: dict[str, Any]) -> list[Any]:
    """The arguments that the signature names; the folder of a path is made."""
    names = re.findall(r"\w+", (exercise.signature or "").partition("(")[2].partition(")")[0])
    if "path" in names:
        Path(given["path"]).parent.mkdir(parents=True, exist_ok=True)
    return [given[name] for name in names]


def end() -> None:
    """End this process, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def short_files() -> None:
    """From now on, a write beyond the first bytes of a file ends this process."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (CUT_OFF, CUT_OFF))
