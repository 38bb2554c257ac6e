"""`grade schema`: the JSON Schema of the JSON report, or of an exercise.toml."""

from __future__ import annotations

import json
from typing import Literal

import click

from grader.cli.output import show


@click.command(name="schema")
@click.argument("what", type=click.Choice(["report", "exercise"]), default="report")
def command(what: Literal["report", "exercise"]) -> None:
    """Print the JSON Schema of the JSON report, or of an exercise's exercise.toml."""
    if what == "report":
        from grader.models import Report

        schema = Report.model_json_schema(mode="serialization")
    else:
        from grader.exercise import Exercise

        schema = Exercise.model_json_schema(mode="validation")
    show(json.dumps(schema, indent=2) + "\n")
