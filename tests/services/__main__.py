"""Runs a command with the services that tests need: installs, starts and stops what is missing.

    python -m tests.services run -- pytest …

Used by `make test` when METRONOME_SERVICES=install (CI).  What answers already is used as it is; for the
rest Debian's packages are installed (as root) and private servers run while the command does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from types import FrameType

from grader.errors import MetronomeError
from grader.launch.engine import address
from tests.services import browser, engine, packages, postgres, say


@contextlib.contextmanager
def services() -> Iterator[None]:
    """All that the tests need, while the block runs."""
    packages.widen_path()
    engine_answers = engine.answers()
    packages.install(wanted(engine_answers))
    with contextlib.ExitStack() as stack:
        if engine_answers:
            say(f"using the Docker engine at {address()}")
        else:
            stack.enter_context(engine.private_engine())
        engine.build_image()
        if os.environ.get(postgres.VARIABLE):
            say(f"using the PostgreSQL server of {postgres.VARIABLE}")
        else:
            say("starting a private PostgreSQL server")
        os.environ[postgres.VARIABLE] = stack.enter_context(postgres.server())
        yield


def wanted(engine_answers: bool) -> list[str]:
    """The packages to install."""
    names = packages.missing(browser.PROGRAMS)
    if not engine_answers:
        names += packages.missing(engine.PROGRAMS)
    if not os.environ.get(postgres.VARIABLE) and postgres.programs() is None:
        names.append(postgres.PACKAGE)
    return names


def main(arguments: list[str]) -> int:
    """Run the command after `run --` and return its exit code."""
    if arguments[:2] != ["run", "--"] or not arguments[2:]:
        sys.exit("usage: python -m tests.services run -- COMMAND …")
    signal.signal(signal.SIGTERM, _leave)
    try:
        with services():
            return subprocess.run(arguments[2:], check=False).returncode
    except (MetronomeError, postgres.ServerError) as error:
        sys.exit(f"services: {error}")


def _leave(number: int, frame: FrameType | None) -> None:
    """A polite end passes through the `finally` blocks."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
