"""The progress line belongs to a terminal on stderr, and to nothing else."""

import io
import sys

from grader.cli.progress import progress_line


class Screen(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self):
        return True


def test_without_a_terminal_only_notices_are_written(capsys):
    with progress_line() as (progress, notice):
        progress("running your loop")
        notice("No engine\x1b[2J answers.")
    assert capsys.readouterr() == ("", "No engine answers.\n")


def test_on_a_terminal_the_line_changes_and_notices_stay(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Screen())
    with progress_line() as (progress, notice):
        progress("running your loop")
        notice("[bold]No engine[/] answers.")
    text = sys.stderr.getvalue()
    assert "[bold]No engine[/] answers.\n" in text
    assert "\x1b[?25h" in text  # the cursor is shown again
