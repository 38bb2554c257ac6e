"""Where a watched file's reports appear: in place on a terminal, one below the other everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from grader.cli.output import screen, show
from grader.render import render
from grader.render.clean import one_line
from grader.render.screen import printed

if TYPE_CHECKING:
    from grader.cli.newest import Graded, Save


class Board(Protocol):
    """What is told of a watched file, in this order: a save is there, and then the report on it."""

    def saved(self, save: Save) -> None:
        """It is being graded now; what is shown is older."""

    def show(self, graded: Graded, seconds: float) -> None:
        """The report on the newest save, `seconds` after it was seen."""

    def tell(self, sentence: str) -> None:
        """Why there is nothing to grade just now, or what a person should know."""

    def turn(self) -> bool:
        """Follow the terminal's size; False once nobody reads any more."""

    def close(self) -> None:
        """Leave the last report behind, whole."""


class Below:
    """Reports one below the other, for files, pipes and simple terminals; a report that is not whole yet waits."""

    def __init__(self, name: str) -> None:
        self._name = one_line(name)
        self._read = True

    def saved(self, save: Save) -> None:
        """Nothing: the line above the report says it."""

    def show(self, graded: Graded, seconds: float) -> None:
        """A line that says which save it is, and the report."""
        if graded.whole:
            canvas = screen()
            head = f"--- {self._name}, {which(graded.save)}, graded in {seconds:.2f} s ---"
            head = head if canvas.unicode else head.encode("ascii", "replace").decode()
            self._read = show(f"{head}\n{render(graded.report, 'terminal', canvas)}\n")

    def tell(self, sentence: str) -> None:
        """A line on stderr."""
        click.echo(one_line(sentence), err=True)

    def turn(self) -> bool:
        """Whether standard output is still read."""
        return self._read

    def close(self) -> None:
        """Nothing is left to do."""


class InPlace:
    """One report, redrawn in place on the terminal's other screen; its top, where it is longer than the screen.

    While a newer save is graded the older report is dimmed, and the first line says so.
    """

    def __init__(self, name: str) -> None:
        self._name = one_line(name)
        self._head = "starting the sandbox; after this it is quick"
        self._graded: Graded | None = None
        self._stale = False
        self._there = True
        console = Console(highlight=False)
        self._size = console.size
        self._live = Live(
            console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()
        self._draw()

    def saved(self, save: Save) -> None:
        """The older report stays until the new one is there."""
        if self._graded is not None:
            self._head, self._stale = f"grading {which(save)} ...", True
            self._draw()

    def show(self, graded: Graded, seconds: float) -> None:
        """This report, and that it is the newest."""
        more = "" if graded.whole else ", comparing it with known mistakes ..."
        self._head = f"{which(graded.save)}, graded in {seconds:.2f} s{more}"
        self._graded, self._stale = graded, False
        self._draw()

    def tell(self, sentence: str) -> None:
        """The sentence; the older report stays below."""
        self._head, self._stale = one_line(sentence), True
        self._draw()

    def turn(self) -> bool:
        """Draw again where the terminal's size has changed."""
        if self._live.console.size != self._size:
            self._size = self._live.console.size
            self._draw()
        return self._there and self._live.console.is_terminal

    def close(self) -> None:
        """Give the screen back, and print the last report on it."""
        with self._perhaps_gone():
            self._live.stop()
            if self._graded is not None:
                show(render(self._graded.report, "terminal", screen()))

    @contextmanager
    def _perhaps_gone(self) -> Iterator[None]:
        """A terminal that went away is no error: nobody reads any more."""
        try:
            yield
        except OSError:
            self._there = False

    def _draw(self) -> None:
        canvas = screen()
        head = printed(Text(f"{self._name}: {self._head}", style="bold"), canvas).splitlines()
        body = [] if self._graded is None else render(self._graded.report, "terminal", canvas).splitlines()
        below = [Text.from_ansi(line) for line in fitting(body, self._size.height - len(head) - 1)]
        if self._stale:
            for line in below:
                line.stylize("dim")
        lines = [*map(Text.from_ansi, head), Text(), *below]
        with self._perhaps_gone():
            self._live.update(Text("\n", no_wrap=True, overflow="crop").join(lines), refresh=True)


def fitting(lines: list[str], height: int) -> list[str]:
    """As many of the lines as `height` has room for; the last one then says how many are left out."""
    height = max(height, 1)
    if len(lines) <= height:
        return lines
    return [*lines[: height - 1], f"[{len(lines) - height + 1} more lines: Ctrl-C shows all]"]


def which(save: Save) -> str:
    """A save by its number and the time of day."""
    ago = time.monotonic() - save.since
    return f"save {save.number} at {time.strftime('%H:%M:%S', time.localtime(time.time() - ago))}"


def board(name: str) -> Board:
    """The board for standard output."""
    return InPlace(name) if _in_place() else Below(name)


def _in_place() -> bool:
    return sys.stdout.isatty() and not Console().is_dumb_terminal
