"""The command `grade`: a group that loads a command's file only when it is called.

`grade --help` must be quick, so nothing here imports torch, docker, numpy or pydantic, and the commands'
short helps stand in the table below.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from grader import __version__
from grader.cli.failure import reported

COMMANDS = {
    "submit": ("grader.cli.submit", "Grade one file and show its report."),
    "watch": ("grader.cli.watch", "Grade one file again on each save, and show the newest report."),
    "batch": ("grader.cli.batch", "Grade a class: a folder, or a zip from Canvas or Moodle."),
    "override": ("grader.cli.override", "Settle a submission by hand."),
    "serve": ("grader.cli.serve", "Take submissions by webhook, and show and send their reports."),
    "outbox": ("grader.cli.outbox", "List results that could not be sent, and send them again."),
    "report": ("grader.cli.report", "Show a saved report, or write it in another format."),
    "exercise": ("grader.cli.exercise", "List, show and begin exercises."),
    "explain": ("grader.cli.explain", "Explain a finding."),
    "sandbox": ("grader.cli.sandbox", "Build the image that submissions run in."),
    "schema": ("grader.cli.schema", "Print the JSON Schema of the report, or of an exercise."),
}

EPILOG = """\b
Exit codes:
  0  passed
  1  graded, but not passed
  2  the command was not understood, or the file cannot be found
  3  the grader itself failed
  4  a person has to decide
"""


class LazyGroup(click.Group):
    """A group whose commands are the attribute `command` of the modules in COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever goes wrong becomes a sentence and an exit code."""
        with reported():
            return super().invoke(ctx)


@click.group(
    cls=LazyGroup, name="grade", epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="grade")
def main() -> None:
    """Metronome grades PyTorch training loops.

    It runs a loop in a sandbox, works out which beat went wrong and why, measures the trained model on
    data nobody has seen, and explains what it found.
    """
