"""gradients-by-hand: its challenges, its reference files on many of them, and what its judge says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.examiner.answers import Answer, Answers
from grader.examiner.hidden import load_task
from tests.exercises.judged import (
    CHALLENGES,
    FEW,
    assert_sound,
    bug_files,
    expected,
    found,
    judged,
    right_files,
    seeds,
    untold,
)

SLUG = "gradients-by-hand"
TASK = load_task(SLUG)
STARTER = right_files(SLUG)[0].parents[2] / "exercises" / SLUG / "starter.py"
SHAPES = "def shapes(batch, sizes):\n    return [(batch, size) for size in sizes]\n"
GRADIENTS = "def gradients(w, b, x, target):\n    e = w * x + b - target\n    return 2 * e * x, 2 * e\n"
ENDINGS = {"crashed", "wrong-signature"}


def test_rubric_drawing_and_reference_files_are_sound() -> None:
    assert_sound(SLUG)


@pytest.mark.parametrize("path", right_files(SLUG), ids=lambda path: path.stem)
def test_a_right_file_is_never_accused(path: Path) -> None:
    for number in range(FEW):
        assert found(SLUG, number, path) == {}, number
        assert untold(SLUG, number, path) == []


@pytest.mark.parametrize(
    "path",
    [path for path in bug_files(SLUG) if not ENDINGS & set(expected(path))],
    ids=lambda path: path.stem,
)
def test_a_bug_is_found_on_every_challenge(path: Path) -> None:
    for number in range(FEW):
        assert set(found(SLUG, number, path)) == set(expected(path)), number


def test_the_starter_runs_and_neither_function_is_right() -> None:
    assert set(found(SLUG, 0, STARTER)) == {"wrong-value", "wrong-gradient"}


def test_the_lesson_s_cases_come_first() -> None:
    cases = json.loads(TASK.draw(seeds(0), None)[0]["cases.json"])
    assert cases["shapes"][0] == {
        "batch": 64,
        "sizes": [784, 128, 10],
        "case": "batch = 64, sizes = [784, 128, 10]",
    }
    assert TASK.chain_rule(cases["gradients"][0]) == (12, 4)
    assert TASK.activations(cases["shapes"][0]) == [(64, 784), (64, 128), (64, 10)]


def test_one_case_is_exactly_right_and_has_no_gradient() -> None:
    for number in range(CHALLENGES):
        cases = json.loads(TASK.draw(seeds(number), None)[0]["cases.json"])
        assert [TASK.chain_rule(case) for case in cases["gradients"]].count((0, 0)) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return e * x, e", "That is half of it"),
        ("return -2 * e * x, -2 * e", "The sign is wrong"),
        ("return 2 * e, 2 * e * x", "changed places"),
        ("return 2 * e, 2 * e", "The factor x is missing in dw"),
        ("return 2 * e * x, 2 * e * x", "an x too many in db"),
        ("return 2 * (w * x + b) * x, 2 * (w * x + b)", "The target is missing"),
        ("return x, 1", "the gradient of the error itself"),
        ("return e * e * x, e * e", "The outer derivative is missing"),
        ("return 0, 0.0", "nothing was computed"),
    ],
)
def test_a_likely_slip_is_named_on_every_challenge(body: str, words: str) -> None:
    source = f"{SHAPES}\ndef gradients(w, b, x, target):\n    e = w * x + b - target\n    {body}\n"
    for number in range(CHALLENGES):
        evidence = found(SLUG, number, source)["wrong-gradient"]
        assert words in evidence


def test_a_slip_that_does_not_explain_every_case_is_not_named() -> None:
    source = f"{SHAPES}\ndef gradients(w, b, x, target):\n    return 6, 2\n"
    assert found(SLUG, 0, source)["wrong-gradient"].endswith("right is dw = 12 and db = 4.")


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ("None", "wrong-shape"),
        ("3", "wrong-shape"),
        ("'(64, 784)'", "wrong-shape"),
        ("[batch, *sizes]", "wrong-shape"),
        ("[(str(batch), str(size)) for size in sizes]", "wrong-shape"),
        ("[(batch, None) for size in sizes]", "wrong-shape"),
        ("{1: (batch, 2)}", "wrong-shape"),
        ("[]", "wrong-value"),
        ("[(batch, size, 1) for size in sizes]", "wrong-value"),
        ("[(batch, size + 0.5) for size in sizes]", "wrong-value"),
    ],
)
def test_whatever_shapes_returns_is_a_finding_and_never_our_failure(body: str, slug: str) -> None:
    source = f"def shapes(batch, sizes):\n    return {body}\n\n{GRADIENTS}"
    assert set(found(SLUG, 0, source)) == {slug}


@pytest.mark.parametrize(
    "body",
    ["None", "(1, 2, 3)", "('12', '4')", "(None, None)", "[[1, 2], [3, 4]]", "{'dw': 1}", "(10**400, 1)"],
)
def test_whatever_gradients_returns_is_a_finding_and_never_our_failure(body: str) -> None:
    source = f"{SHAPES}\ndef gradients(w, b, x, target):\n    return {body}\n"
    assert set(found(SLUG, 0, source)) == {"wrong-shape"}


@pytest.mark.parametrize("body", ["(float('nan'), 1.0)", "(float('inf'), float('-inf'))"])
def test_gradients_that_are_no_numbers_are_wrong_and_can_be_told(body: str) -> None:
    source = f"{SHAPES}\ndef gradients(w, b, x, target):\n    return {body}\n"
    judgement = judged(SLUG, 0, source)
    (item,) = judgement.items
    assert item.slug == "wrong-gradient"
    assert json.dumps(judgement.as_json(), allow_nan=False)


def test_what_was_not_recorded_could_not_be_checked() -> None:
    training = TASK.draw(seeds(0), None)[0]
    items = TASK.judge(Answers([]), training, {}, {}).items
    assert [(item.slug, item.status) for item in items] == [
        ("wrong-value", "unknown"),
        ("wrong-gradient", "unknown"),
    ]


def test_a_record_of_an_unknown_case_is_ignored() -> None:
    training = TASK.draw(seeds(0), None)[0]
    items = TASK.judge(Answers([Answer("gradients", "made up", 1)]), training, {}, {}).items
    assert {item.status for item in items} == {"unknown"}
