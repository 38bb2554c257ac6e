"""Work in a fork of this process, which ends with all that the work changed, told line by line, within a time."""

from __future__ import annotations

import json
import os
import select
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Tell = Callable[[dict[str, Any]], None]


def apart(work: Callable[[Tell], None], folder: Path, until: float) -> tuple[list[dict[str, Any]], bool]:
    """What `work` told, and whether it came to its end before `until` (of time.monotonic).

    It runs with `folder` as its working directory; what it prints is thrown away.  An exception in it ends it early,
    and is told on our stderr.
    """
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        _work(work, folder, send)
    os.close(send)
    try:
        text = _read(receive, until)
    finally:
        os.close(receive)
        os.kill(child, signal.SIGKILL)  # not reaped yet, so the number is still its own
        _, status = os.waitpid(child, 0)
    *lines, rest = text.split(b"\n")
    told = [json.loads(line) for line in lines]
    ended = bool(told) and told[-1] == {"ended": True}
    return (told[:-1] if ended else told), ended and not rest and not os.WIFSTOPPED(status)


def _work(work: Callable[[Tell], None], folder: Path, send: int) -> None:
    """The fork's whole life; it never returns."""
    try:
        said = os.dup(2)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
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
