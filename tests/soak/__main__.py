"""`make soak`: two thousand submissions (or as many as are asked for) through sessions of one process."""

from __future__ import annotations

import os
import sys
import tempfile
import time

from grader.launch import engine, owners
from tests.soak.soaking import Held, flat, held, soak

LOOKS = 40


def main(count: int) -> int:
    """Grade, print what is held on the way, and say what is not as it should be."""
    os.environ.setdefault("GRADE_SECRET", "5e" * 32)
    with tempfile.TemporaryDirectory() as own:
        tempfile.tempdir = own
        return _soaked(count)


def _soaked(count: int) -> int:
    started = time.monotonic()
    before = held()
    looks: list[Held] = []

    def look(done: int, now: Held) -> None:
        looks.append(now)
        rate = done / (time.monotonic() - started)
        print(f"{done:6} graded, {rate:.1f} a second: {now}", flush=True)

    wrong = soak(count, look, max(1, count // LOOKS))
    wrong += flat(before, looks, held(), own_containers())
    print(*(wrong or ["Nothing is left, and memory is flat."]), sep="\n")
    return bool(wrong)


def own_containers() -> list[str]:
    """Names of the containers, running or not, that this process started."""
    with engine.connected() as client:
        found = client.containers(all=True, filters={"label": f"{owners.OWNER}={os.getpid()}"})
    return [name for container in found for name in container["Names"]]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 2000))
