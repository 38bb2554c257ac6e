"""losses: its challenges, its reference files on many of them, and what its judge says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

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

SLUG = "losses"
TASK = load_task(SLUG)
STARTER = right_files(SLUG)[0].parents[2] / "exercises" / SLUG / "starter.py"
MSE = "import numpy as np\n\ndef mse(pred, target):\n    return np.mean((pred - target) ** 2)\n"
CROSS_ENTROPY = (
    "import numpy as np\n\ndef cross_entropy(logits, target):\n"
    "    normaliser = np.logaddexp.reduce(logits, axis=-1, dtype=float)\n"
    "    return np.mean(normaliser - np.take_along_axis(logits, np.expand_dims(target, -1), -1)[..., 0])\n"
)
WAITING = {"unstable-loss"}
"""What may be found beside the expected slug: its requirement waits for the one that failed."""


def test_rubric_drawing_and_reference_files_are_sound() -> None:
    assert_sound(SLUG)


@pytest.mark.parametrize("path", right_files(SLUG), ids=lambda path: path.stem)
def test_a_right_file_is_never_accused(path: Path) -> None:
    for number in range(FEW):
        assert found(SLUG, number, path) == {}, number
        assert untold(SLUG, number, path) == []


@pytest.mark.parametrize(
    "path", [path for path in bug_files(SLUG) if expected(path) != ["crashed"]], ids=lambda path: path.stem
)
def test_a_bug_is_found_on_every_challenge(path: Path) -> None:
    for number in range(FEW):
        assert set(found(SLUG, number, path)) - WAITING == set(expected(path)) - WAITING, number
        assert set(expected(path)) <= set(found(SLUG, number, path))


def test_the_starter_runs_and_neither_loss_is_right() -> None:
    items = judged(SLUG, 0, STARTER).items
    assert [(item.slug, item.function) for item in items] == [
        ("wrong-value", "cross_entropy"),
        ("wrong-value", "mse"),
    ]


def test_the_lesson_s_numbers_are_right() -> None:
    assert TASK.cross_entropy(np.array([2.0, 1.0, 0.1]), 0) == pytest.approx(0.417, abs=5e-4)
    assert TASK.mse(np.array([2.5, 3.1, 4.0]), np.array([3, 3, 4])) == pytest.approx(0.0867, abs=5e-5)


def test_the_right_answers_are_torch_s_on_every_case() -> None:
    for number in range(CHALLENGES):
        cases = json.loads(TASK.draw(seeds(number), None)[0]["cases.json"])
        for case in cases["cross_entropy"]:
            logits, target = np.array(case["logits"], dtype=float), np.array(case["target"])
            theirs = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(target)).item()
            assert TASK.cross_entropy(logits, target) == pytest.approx(theirs, abs=1e-9)
        for case in cases["mse"]:
            pred, target = np.array(case["pred"], dtype=float), np.array(case["target"], dtype=float)
            theirs = torch.nn.functional.mse_loss(torch.tensor(pred), torch.tensor(target)).item()
            assert TASK.mse(pred, target) == pytest.approx(theirs, abs=1e-12)


def test_there_are_whole_numbered_cases_and_they_are_handed_over_as_such() -> None:
    source = f"{MSE}\ndef cross_entropy(logits, target):\n    return str(logits.dtype) == 'int64' or 'x'\n"
    evidence = found(SLUG, 0, source)["wrong-shape"]
    assert "gave a str" in evidence
    cases = json.loads(TASK.draw(seeds(0), None)[0]["cases.json"])
    assert {np.array(case["logits"]).dtype.kind for case in cases["cross_entropy"]} == {"i", "f"}
    assert {np.array(case["pred"]).dtype.kind for case in cases["mse"]} == {"i", "f"}


SLIPS = [(slug, words, slip) for slug, slips in TASK.MSE_SLIPS.items() for words, slip in slips.items()]
SCORE_SLIPS = [
    (slug, words, slip) for slug, slips in TASK.CROSS_ENTROPY_SLIPS.items() for words, slip in slips.items()
]


def short(value: object) -> str:
    """A test's name for a parameter, the same in every process."""
    return value[:40] if isinstance(value, str) else "slip"


@pytest.mark.parametrize(("slug", "words", "slip"), SLIPS, ids=short)
def test_a_slip_of_mse_is_named_on_every_challenge(slug: str, words: str, slip: object) -> None:
    assert_named("mse", slug, words, slip)


@pytest.mark.parametrize(("slug", "words", "slip"), SCORE_SLIPS, ids=short)
def test_a_slip_of_cross_entropy_is_named_on_every_challenge(slug: str, words: str, slip: object) -> None:
    assert_named("cross_entropy", slug, words, slip)


def assert_named(function: str, slug: str, words: str, slip: object) -> None:
    """A function that computes exactly this slip is found with its words."""
    first = "logits" if function == "cross_entropy" else "pred"
    for number in range(CHALLENGES):
        training = TASK.draw(seeds(number), None)[0]
        answers = []
        for name, argument, right in (
            ("cross_entropy", "logits", TASK.cross_entropy),
            ("mse", "pred", TASK.mse),
        ):
            for case in json.loads(training["cases.json"])[name]:
                arguments = np.array(case[argument], dtype=float), np.array(case["target"])
                with np.errstate(all="ignore"):
                    value = (slip if argument == first else right)(*arguments)
                answers.append(Answer(name, case["case"], value))
        items = [item for item in TASK.judge(Answers(answers), training, {}, {}).items if item.slug == slug]
        assert [words in item.evidence for item in items] == [True], items


@pytest.mark.parametrize(
    "body",
    ["None", "'0.417'", "[0.417]", "(0.4, 0.4)", "np.zeros(5)", "{'loss': 0.4}", "True", "10**400", "1j"],
)
def test_whatever_comes_back_is_a_finding_and_never_our_failure(body: str) -> None:
    source = f"{CROSS_ENTROPY}\ndef mse(pred, target):\n    return {body}\n"
    assert set(found(SLUG, 0, source)) == {"wrong-shape"}


@pytest.mark.parametrize("body", ["float('nan')", "float('inf')"])
def test_a_loss_that_is_no_number_can_be_told(body: str) -> None:
    judgement = judged(SLUG, 0, f"{CROSS_ENTROPY}\ndef mse(pred, target):\n    return {body}\n")
    assert [item.slug for item in judgement.items] == ["wrong-value"]
    assert json.dumps(judgement.as_json(), allow_nan=False)


def test_one_function_s_mistake_says_nothing_about_the_other() -> None:
    judgement = judged(
        SLUG, 0, f"{CROSS_ENTROPY}\ndef mse(pred, target):\n    return 0.5 * ((pred - target) ** 2).mean()\n"
    )
    assert [(item.slug, item.function) for item in judgement.items] == [("wrong-value", "mse")]


def test_what_was_not_recorded_could_not_be_checked() -> None:
    items = TASK.judge(Answers([]), TASK.draw(seeds(0), None)[0], {}, {}).items
    assert [(item.slug, item.function, item.status) for item in items] == [
        ("wrong-value", "cross_entropy", "unknown"),
        ("wrong-value", "mse", "unknown"),
    ]
