"""Grading again and again in one process, looking now and then at what it holds."""

from __future__ import annotations

import os
import queue
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.exercise import load_exercise
from grader.models import Report, Submission
from grader.session import Session, side_by_side
from grader.settings import Settings

SLUG = "linreg-torch"
REFERENCE = load_exercise(SLUG).reference
RIGHT = (REFERENCE / "solution.py").read_bytes()
WRONG = (REFERENCE / "bugs" / "missing_zero_grad.py").read_bytes()
LEAVES = b"import os, time\n\n\ndef train(*arguments):\n    if not os.fork():\n        time.sleep(99)\n    return []\n"
"""Leaves a process behind, so that its container is replaced."""
LEAVES_EVERY = 100
AT_A_TIME = 2
GROWTH = 8 << 10
"""KiB that resident memory may grow from the first fifth to the last one."""
MORE = {"descriptors": 8, "threads": 2}
"""How many more there may be: the engine's client keeps connections that it has once needed side by side."""


@dataclass(frozen=True)
class Held:
    """What this process holds: resident memory in KiB, open descriptors, threads, children, temporary files."""

    memory: int
    descriptors: int
    threads: int
    children: int
    temporary: int


def held() -> Held:
    """What it holds now."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return Held(
        memory=int(status["VmRSS"].split()[0]),
        descriptors=len(os.listdir("/proc/self/fd")),
        threads=threading.active_count(),
        children=len(children),
        temporary=len(os.listdir(tempfile.gettempdir())),
    )


def flat(before: Held, looks: list[Held], after: Held, containers: list[str]) -> list[str]:
    """What is not as it should be, as sentences: something is left, or something grew while it graded."""
    fifth = max(1, len(looks) // 5)
    early, late = looks[fifth : 2 * fifth], looks[-fifth:]
    grown = max(item.memory for item in late) - max(item.memory for item in early)
    found = [f"memory grew by {grown} KiB"] if grown > GROWTH else []
    for name, most in MORE.items():
        # The fewest: while a role is replaced there are more for a moment, and what leaks is there at every look.
        more = min(getattr(item, name) for item in late) - min(getattr(item, name) for item in early)
        found += [f"{more} more {name}"] if more > most else []
    for name in ("descriptors", "threads", "children", "temporary"):
        left = getattr(after, name) - getattr(before, name)
        found += [f"{left} {name} left"] if left > 0 else []
    return found + [f"container left: {name}" for name in containers]


def submissions(count: int) -> Iterator[tuple[Submission, bool | None]]:
    """Submissions, all different, with whether each is to pass; None where it is no loop at all."""
    for number in range(count):
        source, passes = (WRONG, False) if number % 4 == 3 else (RIGHT, True)
        if number % LEAVES_EVERY == LEAVES_EVERY - 1:
            source, passes = LEAVES, False
        named = source + f"\n# {number}\n".encode()
        yield Submission(filename="loop.py", source=named, exercise=SLUG, student="ada"), passes


def soak(count: int, look: Callable[[int, Held], None], every: int) -> list[str]:
    """Grade `count` submissions in docker, isolation fork; `look` hears what is held after each `every`.

    What came out otherwise than it should, as sentences.  At the end the sessions are closed.
    """
    waiting: queue.SimpleQueue[tuple[Submission, bool | None]] = queue.SimpleQueue()
    for item in submissions(count):
        waiting.put(item)
    wrong: list[str] = []
    done = 0
    lock = threading.Lock()

    def work(session: Session) -> None:
        nonlocal done
        while True:
            try:
                submission, passes = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                report = session.grade(submission)
            except Exception as error:  # noqa: BLE001 - counted, like any other result that is not as it should be
                wrong.append(f"{type(error).__name__}: {error}")
            else:
                wrong.extend(_otherwise(report, passes))
            with lock:
                done += 1
                if done % every == 0:
                    look(done, held())

    first = Session(Settings(sandbox="docker", isolation="fork"))
    make = side_by_side(first)
    sessions = [make() for _ in range(AT_A_TIME)]
    threads = [threading.Thread(target=work, args=(session,)) for session in sessions]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for session in sessions:
            session.close()
    return wrong


def _otherwise(report: Report, passes: bool | None) -> list[str]:
    if report.passed is passes:
        return []
    return [f"passed: {report.passed}, not {passes}: {report.summary}"]
