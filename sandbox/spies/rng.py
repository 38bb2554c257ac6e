"""Random-generator spies: who seeds or rewinds torch's global generator, and when."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import torch

from sandbox import trace
from sandbox.spies.recorder import Recorder

NAMES = ("manual_seed", "seed", "set_rng_state")
MAX_EVENTS = 128


def install(recorder: Recorder) -> Callable[[], None]:
    """Wrap the functions that move the generator; returns what undoes it."""
    originals = {name: getattr(torch, name) for name in NAMES}
    count = 0

    def wrap(name: str, original: Callable[..., Any]) -> Any:
        @functools.wraps(original)
        def seeded(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            result = original(*args, **kwargs)
            count += 1
            if count <= MAX_EVENTS and not recorder.elsewhere:
                value = next((item for item in (*args, *kwargs.values()) if type(item) is int), -1)
                value = value if abs(value) < 1 << 63 else -1
                if not recorder.differentiating and sys._getframe(1).f_code.co_filename == recorder.filename:
                    recorder.script.seeded(name, value)
                recorder.write(
                    trace.Rng(what=name, value=value, at_step=recorder.steps, line=recorder.line())
                )
            return result

        return seeded

    for name, original in originals.items():
        setattr(torch, name, wrap(name, original))

    def uninstall() -> None:
        for name, original in originals.items():
            setattr(torch, name, original)

    return uninstall
