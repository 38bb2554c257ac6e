"""Asking the grader in the midst of a run: a question goes out with the report, the answer comes back by a pipe.

What is asked and answered is JSON.  Where the grader does not want to answer, the process that asked is killed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from sandbox import wire

ANSWERS = 4
"""The descriptor that answers come from."""
READ = 1 << 16

Ask = Callable[[Any], Any]


def asker(report: int) -> Ask:
    """A function that asks by the descriptor of the report, and gives the answer."""
    reader = wire.FrameReader(frozenset((wire.TELL,)))

    def ask(question: Any) -> Any:
        wire.write_all(report, wire.frame(wire.ASK, json.dumps(question).encode()))
        while data := os.read(ANSWERS, READ):
            for _, payload in reader.feed(data):
                return json.loads(payload)
        raise EOFError("nobody answers")

    return ask
