"""Checking an exercise: what a reference file promises against what a report says."""

from pathlib import Path

import pytest

from grader.checkup import ReferenceFile, compared, expected_of, reference_files, without_bug
from grader.errors import BadExercise
from grader.exercise import load_exercise
from grader.models import Counterfactual, Finding, RequirementResult, Score, Verification
from tests.grader.cli.conftest import report


def finding(slug, severity="error"):
    return Finding(slug=slug, severity=severity, title="T", evidence="E.", why="W.", fix="F.")


def bug(*slugs):
    return ReferenceFile("bug", Path("bugs/some.py"), slugs)


def test_a_bug_found_as_promised_is_good():
    made = report(findings=(finding("double-step"), finding("graph-leak", "warning")), passed=False)
    assert compared(bug("double-step"), made).good
    assert compared(bug("double-step", "graph-leak"), made).good


def test_a_bug_not_found_is_missed():
    checked = compared(bug("double-step"), report())
    assert checked.missed == ("double-step",)
    assert not checked.good


def test_a_bug_found_behind_another_error_is_missed_and_the_other_is_falsely_flagged():
    made = report(findings=(finding("missing-step"), finding("double-step")), passed=False)
    checked = compared(bug("double-step"), made)
    assert checked.missed == ("double-step",)
    assert checked.flagged == ("missing-step",)


def test_a_warning_beside_the_promised_error_is_no_surprise():
    made = report(findings=(finding("double-step"), finding("not-shuffled", "warning")), passed=False)
    assert compared(bug("double-step"), made).good


def test_a_numeric_bug_that_is_not_recognised_by_its_numbers_is_a_surprise():
    numeric = ReferenceFile("bug", Path("bugs/some.py"), ("double-step",), numeric=True)

    def checked(*slugs):
        named = Counterfactual(slug=slugs[0], slugs=slugs, text="T", distance=0.0) if slugs else None
        verification = Verification(status="observed", method="none", counterfactual=named)
        found = (finding("double-step"),)
        return compared(numeric, report(findings=found, passed=False, verification=verification))

    assert checked("double-step").good
    assert checked("missing-step", "double-step").good
    assert "nor do those of any other bug" in checked().surprise
    assert "those of missing-step do" in checked("missing-step").surprise
    assert compared(bug("double-step"), report(findings=(finding("double-step"),), passed=False)).good


def test_a_right_file_with_any_finding_but_a_note_is_falsely_flagged():
    for severity, good in (("error", False), ("warning", False), ("note", True)):
        checked = compared(
            ReferenceFile("variant", Path("v.py")), report(findings=(finding("sync-every-step", severity),))
        )
        assert checked.good is good


def test_a_right_file_that_could_not_be_checked_or_loses_points_is_a_surprise():
    row = RequirementResult(
        id="order", title="O", status="could-not-check", points=None, max=5.0, required=False, reason="why"
    )
    solution = ReferenceFile("solution", Path("solution.py"))
    assert "order (why)" in compared(solution, report(requirements=(row,))).surprise
    assert compared(solution, report(score=Score(points=9.0, max=10.0))).surprise


def test_a_starter_must_run_and_must_not_pass():
    starter = ReferenceFile("starter", Path("starter.py"))
    assert compared(starter, report(passed=False, findings=(finding("missing-backward"),))).good
    assert "passes" in compared(starter, report()).surprise
    assert "must run" in compared(starter, report(passed=False, outcome="student_error")).surprise


@pytest.mark.parametrize(
    ("source", "slugs"),
    [
        (b"# expect: a-b c-d\nx", ("a-b", "c-d")),
        (b"# expect: a-b numeric: a loop that e-f\n", ("a-b",)),
        (b"x = 1\n# expect: a-b", ()),
        (b"", ()),
        (b"\xff", ()),
    ],
)
def test_what_a_first_line_promises(source, slugs):
    assert expected_of(source) == slugs


def test_a_file_of_ours_knows_whether_it_is_numeric():
    files = {file.path.stem: file for file in reference_files(load_exercise("linreg-torch"))}
    assert files["missing_zero_grad"].numeric
    assert not files["graph_leak"].numeric


def test_an_exercise_of_ours_has_all_its_files_in_the_order_of_grading():
    exercise = load_exercise("linreg-torch")
    files = reference_files(exercise)
    kinds = [file.kind for file in files]
    assert kinds == sorted(kinds, key=["solution", "variant", "starter", "bug"].index)
    assert without_bug(exercise, [file for file in files if "graph-leak" not in file.expected]) == [
        "graph-leak",
        *without_bug(exercise, files),
    ]


def test_a_bug_file_without_a_promise_is_told(own_exercise):
    (own_exercise.reference / "bugs" / "silent.py").write_text("x = 1\n")
    with pytest.raises(BadExercise, match=r"silent\.py: its first line must be"):
        reference_files(own_exercise)


def test_a_missing_file_is_told(own_exercise):
    (own_exercise.reference / "solution.py").unlink()
    with pytest.raises(BadExercise, match=r"solution\.py is missing"):
        reference_files(own_exercise)
