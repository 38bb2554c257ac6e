"""`grade submit PATH`: grade one file, show its report, and exit with the verdict's code."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.course import exercises_option, settings_with
from grader.cli.output import Target, screen, show
from grader.cli.progress import progress_line
from grader.render import renderers


@click.command(name="submit")
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
@click.option(
    "--format",
    "form",
    type=click.Choice(renderers()),
    help="How the report is written.  [default: terminal]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the report to FILE, in the given format, instead of showing it. Without --format: show it,"
    " and write JSON to FILE.",
)
@click.option("--student", metavar="ID", help="Whose file it is; every student gets their own data.")
@click.option("--gpu", metavar="auto|none|ID", help="The GPU for exercises that want one.")
@exercises_option
def command(
    path: Path,
    exercise: str | None,
    sandbox: str | None,
    form: str | None,
    output: Path | None,
    student: str | None,
    gpu: str | None,
    exercises: Path | None,
) -> None:
    """Grade the training loop in PATH and show its report.

    \b
    Exit codes: 0 passed, 1 graded but not passed, 2 usage,
    3 the grader itself failed, 4 a person has to decide.
    """
    from grader.models import exit_code
    from grader.render import render
    from grader.single import grade_file

    settings = settings_with(exercises, sandbox=sandbox, student=student, gpu=gpu)
    target = Target(output) if output else None
    with progress_line() as (progress, notice):
        report = grade_file(path, exercise=exercise, settings=settings, progress=progress, notice=notice)
    # The exit code stands whatever becomes of the showing, so the file is written first.
    if target:
        target.write(render(report, form or "json"))
    if not target or not form:
        show(render(report, form or "terminal", screen()))
    raise click.exceptions.Exit(exit_code(report))
