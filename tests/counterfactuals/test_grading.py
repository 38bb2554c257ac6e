"""The known bug that a wrong loop's numbers are those of, through a whole grading."""

from __future__ import annotations

import json

import pytest

from grader.exercise import course, load_exercise
from grader.launch.docker import DockerLauncher
from grader.launch.lines import Lines
from grader.models import Report, Submission
from grader.pipeline import grade_submission
from grader.render.registry import FORMATS, render
from tests.counterfactuals.running import PLENTY, SECRET, SPELLED


def graded(lines: Lines, slug: str, source: bytes, *, verify: bool | None = None) -> Report:
    submission = Submission(filename="loop.py", source=source, exercise=slug)
    exercise = load_exercise(slug).model_copy(update={"budget": PLENTY})
    return grade_submission(submission, exercise, lines, SECRET, verify=verify)


def spelled(slug: str, name: str) -> bytes:
    return (SPELLED / slug / f"{name}.py").read_bytes()


def test_a_verified_wrong_loop_is_told_by_its_weights_in_every_format(lines: Lines) -> None:
    report = graded(lines, "linreg-torch", spelled("linreg-torch", "missing_zero_grad"), verify=True)
    verification = report.verification
    assert verification is not None
    assert (verification.status, verification.method, verification.distance) == ("verified", "replay", 0.0)
    named = verification.counterfactual
    assert named is not None
    assert (named.slug, named.slugs, named.distance) == ("missing-zero-grad", ("missing-zero-grad",), 0.0)
    assert named.text == "the weights are exactly what a loop that never clears gradients computes"
    assert json.loads(render(report, "json"))["verification"]["counterfactual"]["distance"] == 0.0
    for form in FORMATS:
        told = " ".join(render(report, form).split())
        assert "exactly what a loop that never clears gradients computes" in told, form


def test_a_wrong_value_is_told_by_the_function_that_gave_it(lines: Lines) -> None:
    report = graded(lines, "losses", spelled("losses", "wrong_value_half"), verify=True)
    assert report.verification is not None
    assert (report.verification.status, report.verification.method) == ("verified", "answers")
    named = report.verification.counterfactual
    assert named is not None
    assert named.text == "what `mse` gave is exactly what half of the mean squared error computes"
    assert named.distance < 1e-9


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("missing_backward", "missing-backward"),
        ("missing_step", "missing-step"),
        ("zero_grad_after_backward", "zero-grad-after-backward"),
    ],
)
def test_in_a_class_the_checks_choose_which_bug_is_named(lines: Lines, name: str, slug: str) -> None:
    report = graded(lines, "linreg-torch", spelled("linreg-torch", name), verify=True)
    assert report.verification is not None
    named = report.verification.counterfactual
    assert named is not None
    assert named.slug == slug == report.findings[0].slug
    assert set(named.slugs) == {"missing-backward", "missing-step", "zero-grad-after-backward"}
    assert ", and what" not in named.text


def test_it_changes_neither_points_nor_findings_nor_verdict(lines: Lines) -> None:
    source = spelled("linreg-torch", "double_step")
    submission = Submission(filename="loop.py", source=source, exercise="linreg-torch")
    without = load_exercise("linreg-torch").model_copy(update={"budget": 0.0})
    one = graded(lines, "linreg-torch", source, verify=True)
    other = grade_submission(submission, without, lines, SECRET, verify=True)
    assert other.verification is not None
    assert other.verification.counterfactual is None
    own = {"report_id", "seconds", "sandbox", "verification"}
    assert one.model_dump(exclude=own) == other.model_dump(exclude=own)


def test_on_a_students_own_machine_it_is_said_and_called_observed(lines: Lines) -> None:
    report = graded(lines, "linreg-torch", spelled("linreg-torch", "double_step"))
    assert report.verification is not None
    assert (report.verification.status, report.verification.method) == ("observed", "none")
    assert report.verification.counterfactual is not None
    assert report.verification.counterfactual.slug == "double-step"
    assert report.outcome == "graded"
    assert "Observed, not verified: the file ran on this machine" in render(report, "markdown")


def test_a_right_loop_is_not_looked_into(lines: Lines) -> None:
    report = graded(
        lines, "linreg-torch", (course("reference") / "linreg-torch" / "solution.py").read_bytes()
    )
    assert report.passed is True
    assert report.verification is None


@pytest.mark.docker
def test_in_docker_it_is_said_of_a_verified_run() -> None:
    with Lines(DockerLauncher()) as apart:
        for slug, name, wanted in (
            ("linreg-torch", "missing_zero_grad", "missing-zero-grad"),
            ("mlp-backprop", "backward_sum", "wrong-average"),
        ):
            report = graded(apart, slug, spelled(slug, name))
            assert report.verification is not None
            assert report.verification.status == "verified"
            assert report.verification.counterfactual is not None
            assert report.verification.counterfactual.slug == wanted
