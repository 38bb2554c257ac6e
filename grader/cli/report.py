"""`grade report FILE`: show a saved JSON report again, or write it in another format."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.output import Target, screen, show
from grader.errors import NoSuchFile, UsageError
from grader.render import renderers

if TYPE_CHECKING:
    from grader.models import Report

LARGEST = 16 << 20
"""Bytes of a report; one that `grade` writes has some tens of thousands."""


@click.command(name="report")
@click.argument("path", type=click.Path(path_type=Path, allow_dash=True), metavar="REPORT.json")
@click.option(
    "--format",
    "form",
    type=click.Choice(renderers()),
    default="terminal",
    help="How it is written.",
    show_default=True,
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write it to FILE instead of showing it.",
)
def command(path: Path, form: str, output: Path | None) -> None:
    """Show a report that was saved as JSON, or write it in another format ("-" reads standard input).

    The exit code is 0 when that was done, whatever the verdict.
    """
    from grader.render import render

    name = "standard input" if str(path) == "-" else str(path)
    report = _report(_read(path), name)
    if output:
        Target(output).write(render(report, form))
    else:
        show(render(report, form, screen()))


def _read(path: Path) -> bytes:
    """The file's bytes.  Raises UsageError when it cannot be read or is too large."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise NoSuchFile(f"There is no file {str(path)!r}.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{str(path)!r} cannot be read: {reason}.") from error
    if len(data) > LARGEST:
        raise UsageError(f"{str(path)!r} is larger than {LARGEST >> 20} MiB, so it is no report.")
    return data


def _report(data: bytes, name: str) -> Report:
    """The report in those bytes.  Raises UsageError when it is none, or one of a later version."""
    from pydantic import ValidationError

    from grader.models import SCHEMA_VERSION, Report

    try:
        text = data.decode("utf-8-sig")
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not JSON.") from error
    version = found.get("schema_version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UsageError(
            f"{name} was written by a newer version of Metronome (schema_version {version}; this one reads"
            f" up to {SCHEMA_VERSION})."
        )
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise UsageError(f"{name} is not a report of Metronome: {place}: {first['msg']}.") from error
