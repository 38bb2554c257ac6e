"""Every numeric bug is recognised in a file that is spelled another way, and in no right file."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.catalogue import CATALOGUE
from grader.examiner.answers import TOLERANCE
from grader.examiner.counterfactual import numeric_bugs
from grader.exercise import course, load_exercise
from grader.launch.lines import Lines
from tests.counterfactuals.running import (
    CLASSES,
    SPELLED,
    class_of,
    function_exercises,
    matches,
    numeric_files,
    right_files,
)
from tests.exercises.test_linreg_torch import shape_of
from tests.reference.grading import chosen, of_exercise

NUMERIC = list(numeric_files())
CHOSEN = [item for item in NUMERIC if chosen("/".join(item), 3)]
"""Those that are run; all of them with METRONOME_REFERENCES=all."""
FEWEST = 5


@pytest.mark.parametrize(
    ("slug", "name"),
    [pytest.param(*item, id="/".join(item), marks=of_exercise(item[0])) for item in CHOSEN],
)
def test_another_spelling_of_a_bug_has_its_numbers_and_those_of_no_other(
    lines: Lines, slug: str, name: str
) -> None:
    found = matches(lines, slug, (SPELLED / slug / f"{name}.py").read_bytes())
    assert {match.bug.name for match in found} == class_of(slug, name)
    by_weights = all(not match.function for match in found)
    assert [match for match in found if match.distance > (0.0 if by_weights else TOLERANCE)] == []
    assert [match for match in found if not match.whole] == []


@pytest.mark.parametrize(
    ("slug", "path"),
    [
        pytest.param(slug, path, id=f"{slug}/{path.stem}", marks=of_exercise(slug))
        for slug, path in right_files()
        if path.stem == "solution" or chosen(f"{slug}/{path.stem}", 8)
    ],
)
def test_a_right_file_has_the_numbers_of_no_bug(lines: Lines, slug: str, path: Path) -> None:
    assert matches(lines, slug, path.read_bytes()) == []


def test_every_numeric_bug_is_spelled_twice_and_every_second_spelling_belongs_to_one() -> None:
    spelled = {(path.parent.name, path.stem) for path in SPELLED.glob("*/*.py")}
    assert spelled == set(NUMERIC)


@pytest.mark.parametrize("slug", sorted({slug for slug, _ in NUMERIC}))
def test_a_second_spelling_is_another_program(slug: str) -> None:
    folder = course("reference") / slug / "bugs"
    bugs = {shape_of(folder / f"{bug.name}.py") for bug in numeric_bugs(load_exercise(slug))}
    assert [path.stem for path in (SPELLED / slug).glob("*.py") if shape_of(path) in bugs] == []


def test_every_exercise_but_the_script_has_numeric_bugs() -> None:
    few = {exercise.slug for exercise in function_exercises() if len(numeric_bugs(exercise)) < FEWEST}
    assert few == set()
    assert numeric_bugs(load_exercise("mnist-from-memory")) == []


def test_every_finding_of_a_numeric_bug_says_what_computes_such_numbers() -> None:
    named = {bug.promise.slugs[0] for slug, _ in NUMERIC for bug in numeric_bugs(load_exercise(slug))}
    assert {slug for slug in named if not CATALOGUE[slug].computes} == set()
    assert {slug for slug, entry in CATALOGUE.items() if entry.computes} == named


def test_the_classes_are_of_numeric_bugs() -> None:
    named = {(slug, name) for slug, classes in CLASSES.items() for members in classes for name in members}
    assert named <= set(NUMERIC)
