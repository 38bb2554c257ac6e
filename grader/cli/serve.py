"""`grade serve`: take submissions by webhook, and show and send their reports."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.course import exercises_option, settings_with


@click.command(name="serve")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any that is free."
)
@click.option(
    "--database", metavar="URL", help="sqlite:///FILE or postgresql://…  [default: sqlite:///metronome.db]"
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "docker", "local"]),
    help="Where the code runs; without a container it needs --trust-submissions.",
)
@click.option("--trust-submissions", "trusted", is_flag=True, help="Run them although nothing isolates them.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="How many at a time.  [default: one a processor, at most 8]",
)
@exercises_option
def command(
    host: str,
    port: int,
    database: str | None,
    sandbox: str | None,
    trusted: bool,
    jobs: int | None,
    exercises: Path | None,
) -> None:
    """Take submissions by signed webhook, grade them in the background, and show and send their reports.

    It needs webhook secrets and API tokens: GRADE_WEBHOOK_SECRETS and GRADE_API_TOKENS, or the table
    [serve] of grade.toml. SIGTERM ends it once what runs is graded; a second one ends it at once.

    \b
    Exit codes: 0 ended by a signal, 2 usage, 3 the sandbox or the database failed.
    """
    from grader.serving import changed
    from grader.web.server import Address, serve

    settings = settings_with(exercises, sandbox=sandbox)
    settings = settings.model_copy(update={"serve": changed(settings.serve, database=database, jobs=jobs)})
    serve(settings, Address(host, port), trusted=trusted, say=click.echo)
