"""`grade outbox`: list the results that were to be sent, and send dead ones again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from grader.cli.output import show
from grader.render.clean import one_line

if TYPE_CHECKING:
    from grader.store.database import Database
    from grader.store.outbox import Letter

_database = click.option(
    "--database", metavar="URL", help="The server's database.  [default: as for `grade serve`]"
)


@click.group()
def command() -> None:
    """List results that could not be sent to their callbacks, and send them again."""


@command.command(name="list")
@_database
@click.option(
    "--state",
    type=click.Choice(["dead", "pending", "delivered", "all"]),
    default="dead",
    show_default=True,
    help="Which of them.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_(database: str | None, state: str, form: str) -> None:
    """List messages, oldest first, at most 1000."""
    from grader.store import outbox

    states = (outbox.PENDING, outbox.DELIVERED, outbox.DEAD) if state == "all" else (state,)
    with _open(database) as opened, opened.read() as connection:
        found = outbox.letters(connection, states)
    show(_json(found) if form == "json" else _text(found))


@command.command()
@_database
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All dead letters.")
def resend(database: str | None, ids: tuple[str, ...], everything: bool) -> None:
    """Send dead letters again, and switch their callbacks on. A running server does it within seconds.

    ID is a message's id, as `grade outbox list` shows it.
    """
    from grader.errors import UsageError
    from grader.store import outbox

    if bool(ids) == everything:
        raise click.UsageError("Give the ids of dead letters, or --all.")
    with _open(database) as opened, opened.write() as connection:
        number = outbox.resend(connection, None if everything else list(ids))
        if ids and number < len(set(ids)):  # raised in here it takes the others back
            raise UsageError("Some of these ids are not those of dead letters; nothing was changed.")
    click.echo(f"{number} {'message' if number == 1 else 'messages'} will be sent again.")


def _open(database: str | None) -> Database:
    """The database that is there; none is made."""
    from grader.serving import changed
    from grader.settings import load_settings
    from grader.store.database import open_database

    serve = changed(load_settings().serve, database=database)
    return open_database(serve.database.get_secret_value(), create=False)


def _text(found: list[Letter]) -> str:
    """A line for each message."""
    if not found:
        return "There are none.\n"
    rows = [
        [
            one_line(cell)
            for cell in (one.id, one.state, f"{one.attempts}×", one.callback, one.external_id, one.error)
        ]
        for one in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]])
        for row in rows
    )
    return "".join(line.rstrip() + "\n" for line in lines)


def _json(found: list[Letter]) -> str:
    from datetime import UTC, datetime

    rows = [
        {
            "id": one.id,
            "state": one.state,
            "callback": one.callback,
            "submission_id": one.external_id,
            "attempts": one.attempts,
            "error": one.error,
            "created_at": datetime.fromtimestamp(one.created_at, UTC).isoformat(timespec="seconds"),
        }
        for one in found
    ]
    return json.dumps(rows, indent=2) + "\n"
