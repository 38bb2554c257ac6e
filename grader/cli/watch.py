"""`grade watch PATH`: stay warm, grade the file again on each save, and show the newest report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.course import exercises_option, settings_with

if TYPE_CHECKING:
    from grader.cli.board import Board
    from grader.cli.newest import Newest
    from grader.cli.saves import Saves


@click.command(name="watch")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--exercise",
    metavar="SLUG",
    help="The exercise; else the file's comment, grade.toml or its folder's name say it.",
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "docker", "local"]),
    help="Where the code runs: auto takes docker when it can; docker never falls back to local.",
)
@click.option("--student", metavar="ID", help="Whose file it is; every student gets their own data.")
@click.option("--gpu", metavar="auto|none|ID", help="The GPU for exercises that want one.")
@exercises_option
def command(
    path: Path,
    exercise: str | None,
    sandbox: str | None,
    student: str | None,
    gpu: str | None,
    exercises: Path | None,
) -> None:
    """Grade PATH again each time it is saved, until Ctrl-C.

    The first grading starts the sandbox, which takes some seconds; it stays warm, so that the report follows
    a save at once. On a terminal the report is redrawn in place, and Ctrl-C leaves the last one behind;
    elsewhere each report stands below the one before, under a line that says which save it is. A file that is
    half-written is waited for, and so is one that is missing.
    """
    from grader.cli.board import board
    from grader.cli.newest import Newest
    from grader.cli.saves import Saves
    from grader.ingest.loop import read_loop
    from grader.render.clean import one_line

    settings = settings_with(exercises, sandbox=sandbox, student=student, gpu=gpu)
    read_loop(path, exercise, settings)  # a wrong call is told before anything is started
    with Newest(settings, lambda text: click.echo(one_line(text), err=True)) as newest:
        shown = board(path.name)
        try:
            _follow(Saves(path, exercise, settings), newest, shown)
        finally:
            shown.close()


def _follow(saves: Saves, newest: Newest, shown: Board) -> None:
    """Look, grade and show, until nobody reads any more."""
    from grader.cli.newest import Save
    from grader.cli.saves import BETWEEN
    from grader.errors import NoSuchFile, UsageError

    number = 0
    while shown.turn():
        found = saves.look(time.monotonic())
        if isinstance(found, UsageError):
            newest.want(None)
            shown.tell(f"{found} Waiting for it." if isinstance(found, NoSuchFile) else str(found))
        elif found is not None:
            number += 1
            save = Save(number, saves.since, found)
            newest.want(save)
            shown.saved(save)
        for graded in newest.turn(time.monotonic()):
            shown.show(graded, time.monotonic() - graded.save.since)
        time.sleep(BETWEEN)
