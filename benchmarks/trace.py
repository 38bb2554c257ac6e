"""How a trace and its child grow with the steps of a run: 10^3 to 10^6 steps of linreg-torch under spies.

    python -m benchmarks trace

The child tells its peak of memory when its loop has ended; the same run without spies tells how much of it is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.measuring import LINREG, SOLUTION, Row
from grader.challenge import Challenge
from grader.examine import prepare
from grader.launch.lines import Lines, limits_of
from grader.launch.local import LocalLauncher
from grader.models import Submission
from grader.runs import gated, job_of, run

STEPS, QUICK_STEPS = (1_000, 10_000, 100_000, 1_000_000), (1_000,)
STEPS_PER_EPOCH = 8
DEADLINE = 3600.0
MOST_TRACE = 1024.0
"""KiB of a trace of any length."""
PEAK = b"""
import resource
_train = train
def train(*arguments):
    returned = _train(*arguments)
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return returned
"""


def measure(*, quick: bool) -> Iterator[Row]:
    """All rows of this part."""
    with Lines(LocalLauncher(), reuse=True) as lines:
        for steps in QUICK_STEPS if quick else STEPS:
            size, watched, seconds = ran(lines, steps, spies=True)
            _, bare, _ = ran(lines, steps, spies=False)
            yield Row("trace", f"{steps:,} steps, trace", (size / 1024,), "KiB", MOST_TRACE)
            note = f"{watched / 1024:.0f} MiB in all, {seconds:.1f} s"
            added = ((watched - bare) / 1024,)
            yield Row("trace", f"{steps:,} steps, memory of spies", added, "MiB", note=note)


def ran(lines: Lines, steps: int, *, spies: bool) -> tuple[int, int, float]:
    """Bytes of the trace, KiB at the child's peak, and seconds of a run of so many steps."""
    limits = replace(limits_of(LINREG), deadline=DEADLINE)
    submission = Submission(filename="loop.py", source=SOLUTION.read_bytes() + PEAK, exercise="linreg-torch")
    challenge = Challenge.derive(bytes(32), "linreg-torch", LINREG.version, "", submission.sha256)
    prepared = prepare(lines.examiner(), LINREG, challenge)
    job = job_of(submission, LINREG, challenge, prepared, {"epochs": steps // STEPS_PER_EPOCH}, program=False)
    job.fields["spies"] = spies
    outcome = run(job, LINREG, lines, limits)
    refused, _ = gated(outcome)
    told = re.search(rb"^peak (\d+)$", outcome.output, re.M)
    if refused or told is None:
        raise RuntimeError(f"{steps} steps: {refused or outcome.output[-500:]!r}")
    return len(outcome.trace), int(told[1]), outcome.seconds
