"""Work in a fork of this process, which ends with all that the work changed, told line by line, within a budget."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

Tell = Callable[[dict[str, Any]], None]
SLACK = 5.0
"""How many times as long as its CPU time work may take, on a machine that others use as well."""


class Budget:
    """Seconds of CPU time that several works share.  `spent`: there is none left, or it took too long altogether."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self.until = time.monotonic() + SLACK * seconds

    @property
    def spent(self) -> bool:
        """Whether nothing more can be done."""
        return self.left <= 0 or time.monotonic() >= self.until


def apart(work: Callable[[Tell], None], folder: Path, budget: Budget) -> tuple[list[dict[str, Any]], bool]:
    """What `work` told, and whether it came to its end within the budget.

    It runs with `folder` as its working directory; what it prints or warns of is thrown away.  An exception in it
    ends it early, and is told on our stderr.
    """
    if budget.spent:
        return [], False
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        _work(work, folder, send, budget.left)
    os.close(send)
    try:
        text = _read(receive, budget.until)
    finally:
        os.close(receive)
        os.kill(child, signal.SIGKILL)  # not reaped yet, so the number is still its own
        _, status, used = os.wait4(child, 0)
        budget.left -= used.ru_utime + used.ru_stime
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF:
            budget.left = min(budget.left, 0.0)  # timer and account differ by some milliseconds
    lines = text.split(b"\n")[:-1]  # the last one is empty, or was cut off
    told = [json.loads(line) for line in lines]
    ended = bool(told) and told[-1] == {"ended": True}
    return (told[:-1] if ended else told), ended


def _work(work: Callable[[Tell], None], folder: Path, send: int, seconds: float) -> None:
    """The fork's whole life; it never returns."""
    try:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)  # which ends it
        signal.setitimer(signal.ITIMER_PROF, seconds)
        said = os.dup(2)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        sys.stdout = sys.stderr = open(nowhere, "w")  # noqa: SIM115 - as long as this process lives
        warnings.simplefilter("ignore")
        os.chdir(folder)

        def tell(what: dict[str, Any]) -> None:
            data = json.dumps(what).encode() + b"\n"
            while data:
                data = data[os.write(send, data) :]

        try:
            work(tell)
            tell({"ended": True})
        except BaseException:  # noqa: BLE001 - the fork must not go on as a second examiner
            os.write(said, traceback.format_exc().encode())
    finally:
        os._exit(0)


def _read(receive: int, until: float) -> bytes:
    """What arrives until the other end is closed or the time is over."""
    parts = bytearray()
    while (left := until - time.monotonic()) > 0:
        if not select.select([receive], [], [], left)[0]:
            break
        if not (piece := os.read(receive, 1 << 20)):
            break
        parts += piece
    return bytes(parts)
