"""The group: quick help, exit codes, and errors as sentences."""

import subprocess
import sys

import click
import pytest

from grader import __version__
from grader.cli import COMMANDS, main


def python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys\nfrom grader.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print([m for m in ('torch', 'docker', 'sqlalchemy', 'fastapi', 'jinja2', 'numpy', 'pydantic',"
        " 'rich') if m in sys.modules])"
    )
    done = python(code, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[]")


def test_help_lists_the_commands_and_the_exit_codes(run):
    done = run("--help")
    assert done.exit_code == 0
    for words in (
        *COMMANDS,
        "0  passed",
        "1  graded, but not passed",
        "3  the grader itself failed",
        "4  a person",
    ):
        assert words in done.output


def test_every_listed_command_can_be_loaded():
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert isinstance(command, click.Command)
        assert command.help


def test_an_unknown_command_is_usage(run):
    done = run("sumbit", "loop.py")
    assert done.exit_code == 2
    assert "No such command" in done.stderr


def test_no_command_shows_the_help(run):
    done = run()
    assert done.exit_code == 2
    assert "Exit codes" in done.output


def test_the_version_is_told(run):
    assert run("--version").output.strip() == f"grade, version {__version__}"


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "grader.cli", "--version"], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == f"grade, version {__version__}"
