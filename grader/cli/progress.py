"""The progress line on stderr while a grading runs, and the notices beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from grader.render.clean import one_line

Say = Callable[[str], None]


@contextmanager
def progress_line() -> Iterator[tuple[Say, Say]]:
    """Two functions: `progress` changes the line, `notice` writes a line that stays.

    Where stderr is no terminal there is no progress line, and notices are plain.
    """
    if not sys.stderr.isatty():
        yield lambda text: None, lambda text: click.echo(one_line(text), err=True)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    with console.status(Text("getting ready"), spinner="dots") as status:
        yield (
            lambda text: status.update(Text(one_line(text))),
            lambda text: console.print(Text(one_line(text))),
        )
