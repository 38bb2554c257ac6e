"""`grade exercise`: which exercises there are, what one asks for, and a place to begin."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from grader.cli.output import screen, show


@click.group()
def command() -> None:
    """Look at the exercises and begin one."""


@command.command(name="list")
def list_() -> None:
    """List all exercises with what they ask for."""
    from rich.table import Table
    from rich.text import Text

    from grader.exercise import load_exercise, slugs
    from grader.render.screen import printed

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for slug in slugs():
        exercise = load_exercise(slug)
        text = Text(exercise.title, style="bold")
        text.append(f"\n{exercise.summary}", style="not bold dim")
        table.add_row(Text(slug, style="cyan"), text)
    show(printed(table, screen()))


@command.command(name="show")
@click.argument("slug")
def show_(slug: str) -> None:
    """Show what an exercise asks for: its text, its limits and its rubric."""
    from rich.console import Group
    from rich.markdown import Markdown
    from rich.text import Text

    from grader.exercise import load_exercise
    from grader.render.screen import printed

    exercise = load_exercise(slug)
    rows = [
        Text(f"{requirement.points:4g}  {requirement.title}{' (required)' if requirement.required else ''}")
        for requirement in exercise.requirement
    ]
    text = (exercise.folder / "README.md").read_text(encoding="utf-8")
    head = (Markdown(text, hyperlinks=False), Text(), Text("Rubric", style="bold"))
    begin = Text(f"Begin with: grade exercise start {slug}", style="dim")
    show(printed(Group(*head, *rows, Text(), begin), screen()))


@command.command()
@click.argument("slug")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def start(slug: str, folder: Path | None) -> None:
    """Put the starter (as loop.py) and the text of an exercise into FOLDER (default: one of its name).

    A file that is there already is never overwritten.
    """
    from grader.errors import UsageError
    from grader.exercise import load_exercise

    exercise = load_exercise(slug)
    target = folder or Path(slug)
    copies = {"starter.py": target / "loop.py", "README.md": target / "README.md"}
    for there in copies.values():
        if there.exists() or there.is_symlink():
            raise UsageError(f"{there} is there already; name another folder, or move it away.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, there in copies.items():
            shutil.copyfile(exercise.folder / name, there)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}.") from error
    show(
        f"{target / 'loop.py'} is yours to fill; {target / 'README.md'} says what is asked for.\n"
        f"Then: grade submit {target / 'loop.py'} --exercise {slug}\n"
    )
