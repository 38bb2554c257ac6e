"""`grade schema`: the JSON Schema of the report that `--format json` writes."""

from __future__ import annotations

import json

import click

from grader.cli.output import show


@click.command(name="schema")
def command() -> None:
    """Print the JSON Schema of the JSON report."""
    from grader.models import Report

    show(json.dumps(Report.model_json_schema(mode="serialization"), indent=2) + "\n")
