"""What is wrong with a table, in words that name the key and what was expected."""

import pytest
from pydantic import ValidationError

from grader.complaints import complaint, first_unknown
from grader.exercise import Exercise, load_exercise

GOOD = load_exercise("linreg-torch").model_dump(exclude_unset=True)


def said(**changes):
    table = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    with pytest.raises(ValidationError) as raised:
        Exercise.model_validate(table)
    return complaint(Exercise, raised.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": None}, "title: is missing; a text is expected"),
        ({"version": None}, "version: is missing; a whole number is expected"),
        ({"entry": None}, "entry: is missing; 'script' or 'function' is expected"),
        ({"limits": None}, "limits: is missing; a table with deadline"),
        ({"requirement": None}, "requirement: is missing; a list is expected"),
        ({"limits": {"memory_mb": 100}}, "limits.deadline: is missing; a number is expected"),
        ({"title": 3}, "title: is 3, but must be a text"),
        ({"pass_mark": "0.7"}, "pass_mark: is '0.7', but must be a number"),
        ({"version": 1.5}, "version: is 1.5, but must be a whole number"),
        ({"gpu": "yes"}, "gpu: is 'yes', but must be true or false"),
        ({"notes": "x"}, "notes: is 'x', but must be a list"),
        ({"limits": 20}, "limits: is 20, but must be a table"),
        ({"entry": "skript"}, "entry: is 'skript', but must be 'script' or 'function'"),
        ({"pass_mark": 2.0}, "pass_mark: is 2.0, but must be less than or equal to 1"),
        ({"titel": "x"}, "titel: unknown key; did you mean 'title'?"),
        ({"limits": {"deadline": 9, "xyz": 1}}, "limits.xyz: unknown key; there are: deadline, memory_mb"),
        ({"requirement": []}, "requirement: needs at least 1"),
    ],
)
def test_a_complaint_names_the_key_and_what_was_expected(changes, words):
    assert said(**changes).startswith(words)


def test_a_long_value_is_named_by_its_type():
    assert "a list" in said(title=["x" * 99])


def test_an_unknown_name_is_told_with_the_one_that_was_perhaps_meant():
    assert first_unknown({"notes": ["graph-leek"]}, ["graph-leak"]) == (
        "notes: 'graph-leek' is no finding; did you mean 'graph-leak'?"
    )
    assert first_unknown({"notes": ["graph-leak"]}, ["graph-leak"]) == ""
