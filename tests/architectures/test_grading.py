"""Models of any architecture are measured: built again outside of the sandbox, or in a second run that cannot pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.checkup import expected_of
from grader.render.registry import FORMATS, Canvas, render
from tests.architectures.conftest import FOLDER, SLUG, Grade
from tests.reference.grading import assert_found, assert_right

pytestmark = pytest.mark.xdist_group("architectures")

REFERENCE = FOLDER / "exercises" / SLUG / "reference"
RIGHT = [REFERENCE / "solution.py", *sorted((REFERENCE / "variants").glob("*.py"))]
BUGS = sorted((REFERENCE / "bugs").glob("*.py"))
FORGED = sorted((FOLDER / "forge").glob("*.py"))
REBUILT, ASKED = "was built again", "in a second run"

CASES: dict[str, tuple[str, str]] = {
    "a_billion": ("needs_person", "it has 1,000,007,850 numbers, and may have 300,000 at the most"),
    "too_large": ("needs_person", "it has 397,510 numbers, and may have 300,000 at the most"),
    "hangs_on_unseen_inputs": ("needs_person", "it did not answer in time"),
    "raises_on_unseen_inputs": ("needs_person", "fails in evaluation mode: KeyError: 'never seen'"),
    "one_batch_size_in_evaluation": ("needs_person", "ValueError: fifty rows are for training"),
    "layer_that_is_not_listed": ("needs_person", ASKED),
    "never_the_same": ("needs_person", "run a second time, the file came to other weights"),
    "no_module": ("needs_person", "no module was seen that takes rows of 784 numbers to 10 scores"),
    "own_scaling": ("needs_person", "its inputs are not the raw data after one scale and one shift"),
    "memorised_labels": ("graded", REBUILT),
    "prepared_weights": ("graded", REBUILT),
    "one_batch_size_alone": ("graded", REBUILT),
}
"""Where a run is verified, the outcome of a file and words of what is said of its hidden test."""
FINDINGS = {"memorised_labels": "accuracy-below-threshold", "prepared_weights": "prepared-weights"}
DEADLINE = {"hangs_on_unseen_inputs": 8.0}


def named(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[path.stem for path in paths])


@named(RIGHT)
def test_a_right_file_passes_and_its_model_is_built_again(grade: Grade, path: Path) -> None:
    report = grade(path, verify=True)
    assert_right(report)
    assert report.verification is not None
    assert report.verification.status == "verified"
    assert report.measurement is not None
    assert REBUILT in report.measurement.reason
    assert report.measurement.samples == 1500


@named([path for path in RIGHT if path.stem in ("solution", "norm_and_dropout")])
def test_both_ways_of_asking_come_to_the_same_number(grade: Grade, path: Path) -> None:
    once, twice = grade(path, verify=True).measurement, grade(path, verify=False).measurement
    assert once is not None
    assert twice is not None
    assert ASKED in twice.reason
    assert twice.basis == "observed"
    assert once.value == twice.value


@named(BUGS)
def test_a_bug_is_found_and_nothing_else(grade: Grade, path: Path) -> None:
    report = grade(path, verify=True)
    assert_found(report, list(expected_of(path.read_bytes())))
    assert report.verification is not None
    assert report.verification.status == "verified"


def test_weights_that_are_no_numbers_predict_nothing(grade: Grade) -> None:
    report = grade(REFERENCE / "bugs" / "not_a_number.py", verify=False)
    assert report.measurement is not None
    assert report.measurement.value != report.measurement.value
    assert "not finite numbers" in report.measurement.reason


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_measured_says_why_and_never_passes(grade: Grade, name: str) -> None:
    outcome, words = CASES[name]
    report = grade(FOLDER / "cases" / f"{name}.py", verify=True, deadline=DEADLINE.get(name))
    assert report.measurement is not None
    assert words in report.measurement.reason
    assert report.outcome == outcome
    assert report.passed is (
        True if name == "one_batch_size_alone" else None if outcome != "graded" else False
    )
    errors = [item.slug for item in report.findings if item.severity == "error"]
    assert errors == ([FINDINGS[name]] if name in FINDINGS else [])


def test_a_billion_numbers_in_memory_exceed_it(grade: Grade) -> None:
    report = grade(FOLDER / "cases" / "a_billion_in_memory.py", verify=True)
    assert [item.slug for item in report.findings] == ["memory-exceeded"]


def test_every_case_has_its_file() -> None:
    assert {path.stem for path in (FOLDER / "cases").glob("*.py")} == {*CASES, "a_billion_in_memory"}


# ── forgeries ────────────────────────────────────────────────────────────────────────────────────

FOUND = {"closed_form_as_parameter": "prepared-weights"}
"""Forgeries that already the first weights betray."""


@named([path for path in FORGED if path.stem not in FOUND])
def test_a_forgery_is_believed_where_nothing_is_verified(grade: Grade, path: Path) -> None:
    assert grade(path, verify=False).passed is True


@named(FORGED)
def test_a_forgery_never_passes_where_runs_are_verified(grade: Grade, path: Path) -> None:
    report = grade(path, verify=True)
    assert report.passed is not True
    errors = [item.slug for item in report.findings if item.severity == "error"]
    assert errors == ([FOUND[path.stem]] if path.stem in FOUND else [])
    assert report.outcome == ("graded" if path.stem in FOUND else "needs_person")


# ── in containers ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.docker
@named([RIGHT[0], REFERENCE / "variants" / "functional.py", REFERENCE / "variants" / "norm_and_dropout.py"])
def test_in_docker_the_number_is_verified(grade_in_docker: Grade, path: Path) -> None:
    report = grade_in_docker(path, verify=True)
    assert_right(report)
    assert report.measurement is not None
    assert report.measurement.basis == "verified"
    assert REBUILT in report.measurement.reason


@pytest.mark.docker
@named([FOLDER / "forge" / "answers_for_the_second_run.py", FOLDER / "cases" / "layer_that_is_not_listed.py"])
def test_in_docker_the_files_own_answers_are_observed_and_decide_nothing(
    grade_in_docker: Grade, path: Path
) -> None:
    report = grade_in_docker(path, verify=True)
    assert report.outcome == "needs_person"
    assert report.measurement is not None
    assert (report.measurement.basis, report.measurement.value is None) == ("observed", False)
    assert ASKED in report.measurement.reason


# ── in reports ───────────────────────────────────────────────────────────────────────────────────


def test_every_rendering_says_how_the_number_came_about(grade: Grade) -> None:
    report = grade(FOLDER / "cases" / "layer_that_is_not_listed.py", verify=False)
    for name in FORMATS:
        text = " ".join(render(report, name, Canvas(width=400)).split())
        assert "in a second run of the file, in a fresh sandbox" in text, name
