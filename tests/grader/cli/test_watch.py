"""`grade watch`: what it is called with, and that a wrong call starts nothing."""

from pathlib import Path

import pytest


@pytest.fixture
def unstarted(monkeypatch):
    def never(*_, **__):
        raise AssertionError("a session was made")

    monkeypatch.setattr("grader.cli.newest.Session", never)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no.py", "--exercise", "linreg-torch"], "There is no file no.py."),
        ([".", "--exercise", "linreg-torch"], "is a folder"),
        (["loop.py", "--exercise", "nonsense"], "There is no exercise 'nonsense'"),
        (["loop.py"], "Which exercise is loop.py?"),
        (["loop.py", "--sandbox", "podman"], "podman"),
        (["loop.py", "--format", "json"], "--format"),
        ([], "PATH"),
    ],
)
def test_a_wrong_call_is_exit_2_and_starts_nothing(run, unstarted, arguments, words):
    Path("loop.py").write_text("x = 1\n")
    done = run("watch", *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output


def test_the_help_says_how_it_ends(run):
    done = run("watch", "--help")
    assert done.exit_code == 0
    assert "Ctrl-C" in done.output
