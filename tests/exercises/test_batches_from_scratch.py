"""batches-from-scratch: its challenges, its reference files on many of them, and what its judge says."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from grader.examiner.answers import Answers
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

SLUG = "batches-from-scratch"
TASK = load_task(SLUG)
STARTER = right_files(SLUG)[0].parents[2] / "exercises" / SLUG / "starter.py"
HEAD = "import numpy as np\n\ndef batches(x, y, batch_size, shuffle, drop_last, rng):\n"


def test_rubric_drawing_and_reference_files_are_sound() -> None:
    assert_sound(SLUG)


@pytest.mark.parametrize("path", right_files(SLUG), ids=lambda path: path.stem)
def test_a_right_file_is_never_accused(path: Path) -> None:
    for number in range(FEW):
        assert found(SLUG, number, path) == {}, number
        assert untold(SLUG, number, path) == []


@pytest.mark.parametrize("path", bug_files(SLUG), ids=lambda path: path.stem)
def test_a_bug_is_found_on_every_challenge(path: Path) -> None:
    for number in range(FEW):
        assert set(found(SLUG, number, path)) == set(expected(path)), number


def test_the_starter_runs_and_lacks_shuffling_and_the_rest() -> None:
    assert set(found(SLUG, 0, STARTER)) == {"not-shuffled", "partial-epoch"}


def test_every_number_of_the_table_is_another_one_and_fits_single_precision() -> None:
    for number in range(5):
        files = TASK.draw(seeds(number), None)[0]
        for name, shape in (("x.npy", (1000, 3)), ("y.npy", (1000,))):
            values = np.load(io.BytesIO(files[name]), allow_pickle=False)
            assert values.shape == shape
            assert len(np.unique(values)) == values.size
            assert np.array_equal(values.astype(np.float32), values)


def test_the_cases_hold_every_kind_of_data_set() -> None:
    for number in range(CHALLENGES):
        cases = json.loads(TASK.draw(seeds(number), None)[0]["cases.json"])
        labels = [case["case"] for case in cases]
        assert len(set(labels)) == len(labels)
        kinds = {
            (
                case["samples"] < case["batch_size"],
                case["samples"] % case["batch_size"] == 0,
                case["drop_last"],
            )
            for case in cases
        }
        assert kinds == {
            (few, even, drop)
            for few, even in ((True, False), (False, True), (False, False))
            for drop in (True, False)
        }
        assert [case for case in cases if case["samples"] == 1000 and case["batch_size"] == 32]
        assert {case["shuffle"] for case in cases} == {True, False}


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ("return None", "wrong-shape"),
        ("return 3", "wrong-shape"),
        ("return [None]", "wrong-shape"),
        ("return 'abc'", "wrong-shape"),
        ("return {'x': x, 'y': y}", "wrong-shape"),
        ("return [(x, y, 1)]", "wrong-shape"),
        ("return [(x, None)]", "wrong-shape"),
        ("return [('x', 'y')]", "wrong-shape"),
        ("return [(1.0, 2.0)]", "wrong-shape"),
        ("return [(x.T, y)]", "wrong-shape"),
        ("return x", "wrong-shape"),
        ("return []", "partial-epoch"),
        ("return zip(x, y)", "wrong-shape"),
        ("while True:\n        yield x[:0], y[:0]", "wrong-value"),
    ],
)
def test_whatever_comes_back_is_a_finding_and_never_our_failure(body: str, slug: str) -> None:
    assert slug in found(SLUG, 0, f"{HEAD}    {body}\n")


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("np.arange(len(x))", "followed by the next one in the data"),
        ("np.arange(len(x))[::-1] if shuffle else np.arange(len(x))", "followed by the one before"),
        (
            "np.random.default_rng(3).permutation(len(x)) if shuffle else np.arange(len(x))",
            "came in the same order",
        ),
    ],
)
def test_an_order_that_is_no_new_one_is_named(order: str, words: str) -> None:
    source = (
        f"{HEAD}    order = {order}\n"
        "    for at in range(0, len(x), batch_size):\n"
        "        now = order[at : at + batch_size]\n"
        "        if len(now) == batch_size or not drop_last:\n"
        "            yield x[now], y[now]\n"
    )
    for number in range(CHALLENGES):
        problems = found(SLUG, number, source)
        assert set(problems) == {"not-shuffled"}
        assert words in problems["not-shuffled"]


def test_a_generator_that_is_not_used_is_told_apart_from_one_that_is() -> None:
    source = (
        "import numpy as np\n\nCALLS = [0]\n\n"
        "def batches(x, y, batch_size, shuffle, drop_last, rng):\n"
        "    CALLS[0] += 1\n"
        "    order = np.random.default_rng(CALLS[0]).permutation(len(x)) if shuffle else np.arange(len(x))\n"
        "    end = len(x) - len(x) % batch_size if drop_last else len(x)\n"
        "    return [(x[order[a : min(a + batch_size, end)]], y[order[a : min(a + batch_size, end)]])\n"
        "            for a in range(0, end, batch_size)]\n"
    )
    for number in range(CHALLENGES):
        problems = found(SLUG, number, source)
        assert set(problems) == {"wrong-value"}
        assert "two generators with the same seed gave two orders" in problems["wrong-value"]


def test_batches_of_the_wrong_size_do_not_hide_what_else_is_wrong() -> None:
    assert set(found(SLUG, 0, f"{HEAD}    return [(x, y)]\n")) == {"wrong-shape", "not-shuffled"}


@pytest.mark.parametrize("size", ["1", "len(x)", "batch_size + 1", "2"])
def test_batches_of_the_wrong_size_are_not_said_to_be_unshuffled(size: str) -> None:
    source = (
        f"{HEAD}    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))\n"
        f"    for at in range(0, len(x), {size}):\n"
        f"        now = order[at : at + {size}]\n"
        "        if not drop_last or len(now) >= batch_size or at == 0:\n"
        "            yield x[now], y[now]\n"
    )
    for number in range(3):
        assert set(found(SLUG, number, source)) - {"partial-epoch"} == {"wrong-shape"}


def test_what_was_not_recorded_could_not_be_checked() -> None:
    items = TASK.judge(Answers([]), TASK.draw(seeds(0), None)[0], {}, {}).items
    assert "unknown" in {item.status for item in items if item.slug == "wrong-value"}
    assert not [item for item in items if item.status == "found"]


def test_slugs_with_checks_of_their_own_are_said_to_be_clear() -> None:
    items = judged(SLUG, 0, right_files(SLUG)[0]).items
    assert {(item.slug, item.status) for item in items} == {
        ("partial-epoch", "clear"),
        ("not-shuffled", "clear"),
    }
