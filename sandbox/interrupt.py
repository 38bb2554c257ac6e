"""Runs that are killed and run again: a student's function in a process of its own, ended at a chosen moment.

A fork of the child is as fresh as a new process where it matters: objects are built anew, and nothing but
files goes from one run to the next.  What a run left is told over a pipe as JSON.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

MAX_TOLD = 64 << 10


def in_fork(work: Callable[[], dict[str, Any]], folder: Path) -> dict[str, Any] | None:
    """What `work` tells, run in a forked process whose working directory is `folder`; None when it was killed.

    An exception ends it with {"error": "Type: message"}.
    """
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        try:
            os.chdir(folder)
            told = work()
        except BaseException as error:  # noqa: BLE001 - the student's code ran in here
            told = {"error": f"{type(error).__name__}: {error}"[:300]}
        with open(send, "wb") as pipe:
            pipe.write(json.dumps(told).encode()[:MAX_TOLD])
        os._exit(0)
    os.close(send)
    with open(receive, "rb") as pipe:
        text = pipe.read(MAX_TOLD)
    os.waitpid(child, 0)
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def end_now() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def cut_short(number: int, before: Callable[[], None]) -> Iterator[None]:
    """Inside, the save of this number (from 1) is cut off: half of its bytes are written, and the process ends.

    Saves are torch.save, pickle.dump and safetensors' save_file; `before` is called when the save begins.
    """
    count = depth = 0
    original_save, original_dump = torch.save, pickle.dump
    original_file = safetensors.torch.save_file

    def passed_on(original: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """Save as it was asked for, unless this is the one; a pickled tensor saves inside a save."""
        nonlocal count, depth
        count += not depth
        if not depth and count == number:
            return False
        depth += 1
        try:
            original(*args, **kwargs)
        finally:
            depth -= 1
        return True

    def save(obj: Any, f: Any, *args: Any, **kwargs: Any) -> None:
        if passed_on(original_save, obj, f, *args, **kwargs):
            return
        buffer = io.BytesIO()
        original_save(obj, buffer, *args, **kwargs)
        _half(buffer.getvalue(), f, before)

    def dump(obj: Any, file: Any, *args: Any, **kwargs: Any) -> None:
        if not passed_on(original_dump, obj, file, *args, **kwargs):
            _half(pickle.dumps(obj), file, before)

    def save_file(tensors: Any, filename: Any, *args: Any, **kwargs: Any) -> None:
        if not passed_on(original_file, tensors, filename, *args, **kwargs):
            _half(safetensors.torch.save(tensors), filename, before)

    torch.save, pickle.dump, safetensors.torch.save_file = save, dump, save_file
    try:
        yield
    finally:
        torch.save, pickle.dump = original_save, original_dump
        safetensors.torch.save_file = original_file


def _half(content: bytes, target: Any, before: Callable[[], None]) -> None:
    """Write half of it where it was to go, and end."""
    before()
    part = content[: len(content) // 2]
    if hasattr(target, "write"):
        target.write(part)
        target.flush()
    else:
        Path(target).write_bytes(part)
    end_now()
