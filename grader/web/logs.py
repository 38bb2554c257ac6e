"""What the server writes to stderr: lines without content, whoever logs them."""

from __future__ import annotations

import logging
import sys
from types import TracebackType


def place(error: BaseException) -> str:
    """Kind and place of a fault of ours; not its text, which may hold a student's."""
    return _place(type(error), error.__traceback__)


def _place(kind: type[BaseException] | None, trace: TracebackType | None) -> str:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "nowhere"
    return f"{kind.__name__ if kind else 'error'} at {where}"


class Contentless(logging.Formatter):
    """One line a record; of an exception only its kind and place, for its text may hold a file or a token."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def formatException(  # noqa: N802 (logging's name)
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        return _place(ei[0], ei[2])

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace("\n", " ").replace("\r", " ")


def configure() -> None:
    """Log to stderr from now on.  httpx would log every URL, with what is secret in it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Contentless())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in ("httpx", "httpcore", "docker", "urllib3", "uvicorn", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
