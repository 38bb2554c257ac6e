"""How a command ends badly: a sentence and an exit code, never a traceback.

A fault of our own gets a report id; its traceback is written to a file that the message names.
"""

from __future__ import annotations

import errno
import os
import secrets
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from grader.errors import MetronomeError
from grader.render.clean import one_line

INTERNAL = 3
INTERRUPTED = 128 + signal.SIGINT


@contextmanager
def reported() -> Iterator[None]:
    """Turn what is raised inside into a message on stderr and SystemExit.  Click's own errors pass."""
    try:
        with _terminable():
            yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except MetronomeError as error:
        click.echo(f"grade: {one_line(str(error))}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 (the last resort: a bug of ours must not look like a grade)
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        click.echo(f"grade: {one_line(_full_disk(error) if full else _explain(error))}", err=True)
        sys.exit(INTERNAL)


@contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM and SIGHUP unwind the stack, so that no container or temporary file stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler is signal.SIG_DFL:
            signal.signal(number, _exit)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _full_disk(error: Exception) -> str:
    where = getattr(error, "filename", None)
    return f"There is no room left on the disk{f' for {where}' if where else ''}."


def _explain(error: Exception) -> str:
    """What to tell about a fault of our own."""
    ident = secrets.token_hex(4)
    kept = _keep(ident, "".join(traceback.format_exception(error)))
    where = f"the details are in {kept}" if kept else "the details could not be written anywhere"
    return f"The grader itself failed ({type(error).__name__}, report {ident}); {where}."


def _keep(ident: str, text: str) -> Path | None:
    """Write a traceback where only its owner reads it: the state folder, else the temporary one."""
    for folder in (_state_folder(), Path(tempfile.gettempdir())):
        path = folder / f"metronome-failure-{ident}.txt"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue
        return path
    return None


def _state_folder() -> Path:
    """Where a user's programs keep such files (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(base) / "metronome"
