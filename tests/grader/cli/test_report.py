"""`grade report`: a saved report in any format, and clear words where it is none."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.cli.report import LARGEST
from grader.models import SCHEMA_VERSION, Score
from grader.render import Canvas, render, renderers


@pytest.fixture
def saved(run, make_report):
    """A report in report.json."""
    Path("report.json").write_text(render(make_report(), "json"))
    return make_report()


@pytest.mark.parametrize("form", renderers())
def test_a_report_is_written_in_every_format(run, saved, form):
    done = run("report", "report.json", "--format", form, "--output", "out.txt")
    assert (done.exit_code, done.output) == (0, "")
    assert Path("out.txt").read_text() == render(saved, form, Canvas())
    assert run("report", "report.json", "--format", form).stdout == Path("out.txt").read_text()


def test_without_a_format_it_is_shown_as_in_the_terminal(run, saved):
    assert run("report", "report.json").stdout.startswith("PASSED   10 of 10 points\n")


def test_the_exit_code_is_0_whatever_the_verdict(run, make_report):
    failed = make_report(outcome="needs_person", passed=None, score=Score(points=None, max=1.0))
    Path("report.json").write_text(render(failed, "json"))
    assert run("report", "report.json").exit_code == 0


def test_a_hyphen_reads_standard_input(run, saved):
    done = CliRunner().invoke(
        main, ["report", "-", "--format", "json"], input=Path("report.json").read_bytes()
    )
    assert done.stdout == Path("report.json").read_text()
    assert "standard input is not JSON" in CliRunner().invoke(main, ["report", "-"], input="{").stderr


def test_a_report_of_version_1_still_reads(run, make_report):
    first = json.loads(render(make_report(), "json"))
    for key in ("source", "loss_steps", "override"):
        del first[key]
    Path("report.json").write_text(json.dumps({**first, "schema_version": 1}))
    assert run("report", "report.json", "--format", "html").exit_code == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "report.json is not JSON."),
        (b"<html>", "report.json is not JSON."),
        (b"\xff\xfe\x00", "report.json is not JSON."),
        (b"[" * 100_000, "report.json is not JSON."),
        (b"9" * 10_000, "report.json is not JSON."),
        (b"[]", "report.json is not a report of Metronome: the whole:"),
        (b"{}", "report.json is not a report of Metronome: grader_version: Field required."),
        (b'{"schema_version": 99}',
         f"newer version of Metronome (schema_version 99; this one reads up to {SCHEMA_VERSION}"),
        (b" " * (LARGEST + 1), "is larger than 16 MiB"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_said_in_a_sentence(run, content, words):
    Path("report.json").write_bytes(content)
    done = run("report", "report.json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_not_there_is_usage(run):
    assert "There is no file 'none.json'." in run("report", "none.json").stderr
    assert run("report", "none.json").exit_code == 2
    assert run("report", ".").exit_code == 2


def test_wrong_usage_is_exit_2(run, saved):
    assert run("report").exit_code == 2
    assert run("report", "report.json", "--format", "pdf").exit_code == 2
    assert "There is no folder" in run("report", "report.json", "--output", "none/x").stderr
