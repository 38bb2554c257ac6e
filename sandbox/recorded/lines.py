"""Counting the student's lines, to see whether a loop went on after its data had run out."""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from sandbox.recorded.notes import Notes


@contextlib.contextmanager
def counted_lines(function: Callable[..., Any], notes: Notes) -> Iterator[None]:
    """Note every line that runs in the file where the function is defined, until the block is left."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    filename = getattr(code, "co_filename", "")

    def line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            notes.line(frame.f_lineno)
        return line

    def call(frame: FrameType, event: str, _: Any) -> Any:
        return line if frame.f_code.co_filename == filename else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(before)
