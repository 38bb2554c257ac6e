"""`grade override`: a person settles a submission by hand."""

from __future__ import annotations

import getpass
from pathlib import Path

import click


@click.command(name="override")
@click.argument("names", nargs=-1, metavar="OUT STUDENT | --database URL SUBMISSION")
@click.option(
    "--database", metavar="URL", help="The database of `grade serve`; the callback is told as well."
)
@click.option("--points", type=float, required=True, metavar="N", help="The points given.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept with the decision.")
@click.option(
    "--passed/--not-passed",
    default=None,
    help="The verdict.  [default: whether the points reach the pass mark]",
)
@click.option("--who", metavar="NAME", help="Who decides.  [default: your user name]")
def command(
    names: tuple[str, ...],
    database: str | None,
    points: float,
    reason: str,
    passed: bool | None,
    who: str | None,
) -> None:
    """Settle a submission by hand: of a batch (OUT STUDENT), or of a server (--database URL SUBMISSION).

    The decision is kept with who and when, and stands until another file is handed in. A batch's reports
    and gradebook are written anew; a server's callback gets the report again.
    """
    from grader.batch.settle import Decision, settle_in_database, settle_in_folder
    from grader.cli.batch import verdict

    wanted = 2 if database is None else 1
    if len(names) != wanted:
        raise click.UsageError(
            "Name the output folder and the student." if wanted == 2 else "Name the submission alone."
        )
    decision = Decision(points=points, reason=reason, who=who or _user(), passed=passed)
    if database is None:
        report = settle_in_folder(Path(names[0]), names[1], decision)
    else:
        report = settle_in_database(database, names[0], decision)
    click.echo(f"{names[-1]}: {verdict(report)}")


def _user() -> str:
    """The name of who runs this; a container may have none for its uid."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
