"""`grade exercise`: which exercises there are, what one asks for, a place to begin; making and checking one."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from grader.cli.course import exercises_option, settings_with
from grader.cli.output import screen, show
from grader.cli.progress import progress_line


@click.group()
def command() -> None:
    """Look at the exercises, begin one, make one of your own."""


@command.command(name="list")
@exercises_option
def list_(exercises: Path | None) -> None:
    """List all exercises with what they ask for."""
    from rich.table import Table
    from rich.text import Text

    from grader.exercise import load_exercise, slugs
    from grader.render.screen import printed

    settings_with(exercises)
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
@exercises_option
def show_(slug: str, exercises: Path | None) -> None:
    """Show what an exercise asks for: its text, its limits and its rubric."""
    from rich.console import Group
    from rich.markdown import Markdown
    from rich.text import Text

    from grader.exercise import load_exercise
    from grader.render.screen import printed

    settings_with(exercises)
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
@exercises_option
def start(slug: str, folder: Path | None, exercises: Path | None) -> None:
    """Put the starter (as loop.py) and the text of an exercise into FOLDER (default: one of its name).

    A file that is there already is never overwritten.
    """
    from grader.errors import UsageError
    from grader.exercise import load_exercise

    settings_with(exercises)
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
        f"Or, at each save: grade watch {target / 'loop.py'} --exercise {slug}\n"
    )


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Write a small exercise that works into FOLDER, to be changed into one of your own.

    The folder's name is the exercise's name: small letters, digits and hyphens.
    """
    from grader.scaffold import write_exercise

    written = write_exercise(folder)
    names = "".join(f"  {path}\n" for path in written)
    show(f"{names}Change them, and see whether all is as it should be: grade exercise check {folder}\n")


@command.command()
@click.argument("which", metavar="SLUG|FOLDER")
@click.option(
    "--sandbox", type=click.Choice(["auto", "docker", "local"]), help="Where the reference files run."
)
@exercises_option
def check(which: str, sandbox: str | None, exercises: Path | None) -> None:
    """Grade an exercise's solution, variants, starter and bugs, and compare with what they promise.

    \b
    Exit codes: 0 all is as promised, 1 something is not, 2 usage,
    3 the exercise is broken or the grader failed.
    """
    from grader.checkup import check_exercise, reference_files, without_bug
    from grader.cli.checked import table_of
    from grader.exercise import load_exercise

    folder = Path(which)
    if (folder / "exercise.toml").is_file():
        folder = folder.resolve()
        settings = settings_with(folder.parent if not _ours(folder) else exercises, sandbox=sandbox)
        which = folder.name
    else:
        settings = settings_with(exercises, sandbox=sandbox)
    exercise = load_exercise(which)
    files = reference_files(exercise)
    with progress_line() as (progress, _):
        results = list(check_exercise(exercise, files, settings, progress=progress))
    show(table_of(exercise, results, without_bug(exercise, files), screen()))
    raise click.exceptions.Exit(0 if all(result.good for result in results) else 1)


def _ours(folder: Path) -> bool:
    """Whether it is one of Metronome's own exercises, given by its folder."""
    from grader.exercise import course

    return folder.parent == course("exercises").resolve()
