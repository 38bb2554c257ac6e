"""`grade submit`: what reaches the pipeline, what is shown where, and the exit code."""

import json
from pathlib import Path

import pytest

from grader.models import Score
from grader.render import render, renderers


def test_a_pass_is_exit_0_and_the_report_is_shown(run, pipeline):
    done = run("submit", "loop.py")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("PASSED   10 of 10 points\n")


@pytest.mark.parametrize(
    ("outcome", "passed", "points", "code"),
    [
        ("graded", False, 1.0, 1),
        ("student_error", False, 0.0, 1),
        ("limit_exceeded", False, 0.0, 1),
        ("grader_error", None, None, 3),
        ("needs_person", None, None, 4),
    ],
)
def test_the_exit_code_is_the_verdicts(run, pipeline, make_report, outcome, passed, points, code):
    pipeline.result = make_report(outcome=outcome, passed=passed, score=Score(points=points, max=10.0))
    assert run("submit", "loop.py").exit_code == code
    assert run("submit", "loop.py", "--format", "json").exit_code == code


def test_options_reach_the_pipeline_over_the_settings(run, pipeline):
    Path("grade.toml").write_text('sandbox = "docker"\nstudent = "ada"\n')
    run("submit", "a b.py", "--exercise", "linreg-torch", "--sandbox", "local", "--gpu", "none")
    ((path, exercise, settings),) = pipeline.calls
    assert (path, exercise) == (Path("a b.py"), "linreg-torch")
    assert (settings.sandbox, settings.student, settings.gpu) == ("local", "ada", "none")


def test_without_options_the_settings_stand(run, pipeline):
    Path("grade.toml").write_text('sandbox = "docker"\n')
    run("submit", "loop.py")
    assert pipeline.calls[0][1] is None
    assert pipeline.calls[0][2].sandbox == "docker"


def test_json_is_all_there_is_on_stdout(run, pipeline):
    pipeline.says = ("Running in local mode.",)
    done = run("submit", "loop.py", "--format", "json")
    assert json.loads(done.stdout)["passed"] is True
    assert done.stderr == "Running in local mode.\n"


def test_output_without_a_format_is_json_in_the_file_and_the_report_on_the_screen(run, pipeline):
    done = run("submit", "loop.py", "--output", "r.json")
    assert done.exit_code == 0
    assert done.stdout.startswith("PASSED")
    assert json.loads(Path("r.json").read_text())["exercise"] == "linreg-torch"


@pytest.mark.parametrize("form", renderers())
def test_every_format_can_be_asked_for(run, pipeline, make_report, form):
    done = run("submit", "loop.py", "--format", form, "--output", "r.txt")
    assert (done.exit_code, done.output) == (0, "")
    assert Path("r.txt").read_text() == render(make_report(), form)
    assert run("submit", "loop.py", "--format", form).stdout == render(make_report(), form)


@pytest.mark.parametrize("form", ["json", "terminal"])
def test_output_with_a_format_goes_to_the_file_alone(run, pipeline, form):
    done = run("submit", "loop.py", "--format", form, "--output", "r.txt")
    assert (done.exit_code, done.output) == (0, "")
    assert Path("r.txt").read_text().startswith("{" if form == "json" else "PASSED   10 of 10")


def test_a_file_that_cannot_be_written_is_told_before_grading_starts(run, pipeline):
    done = run("submit", "loop.py", "--output", "none/r.json")
    assert done.exit_code == 2
    assert "There is no folder" in done.stderr
    assert pipeline.calls == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["submit"],
        ["submit", "a.py", "b.py"],
        ["submit", "a.py", "--sandbox", "podman"],
        ["submit", "a.py", "--format", "xml"],
        ["submit", "a.py", "--gpu", "; rm"],
        ["submit", "a.py", "--colour"],
    ],
)
def test_wrong_usage_is_exit_2_and_grades_nothing(run, pipeline, arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    assert done.stderr
    assert "Traceback" not in done.output
    assert pipeline.calls == []


def test_bad_settings_are_told_with_file_and_key(run, pipeline):
    Path("grade.toml").write_text("sandbox = 7\n")
    done = run("submit", "loop.py")
    assert done.exit_code == 2
    assert "grade.toml: sandbox: is 7" in done.stderr
