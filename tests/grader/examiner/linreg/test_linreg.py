"""The judge's parts: cutting an order into epochs, replaying rules, reading pairs, and notes that lie."""

import numpy as np
import pytest

from grader.examiner.answers import Answer, Answers
from grader.examiner.linreg.case import Case, line_of, same
from grader.examiner.linreg.courses import Setting, candidates, epochs_of
from grader.examiner.linreg.descent import RIGHT, SLIPS, Problem, Replay, Rule
from grader.examiner.linreg.judge import judge_lines
from grader.examiner.linreg.passes import flaws
from sandbox.answers import Other

RANDOM = np.random.default_rng(4)
X = RANDOM.uniform(-2, 2, 14)
Y = 1.7 * X - 0.4 + RANDOM.normal(0, 0.3, 14)
SETTING = Setting(points=14, batch_size=4, epochs=3)
ORDER = [point for _ in range(3) for point in RANDOM.permutation(14).tolist()]
PROBLEM = Problem(X, Y, 4, 0.05)


def cut(order, size=4, per_epoch=14):
    epochs = [order[at : at + per_epoch] for at in range(0, len(order), per_epoch)]
    return [[epoch[at : at + size] for at in range(0, len(epoch), size)] for epoch in epochs]


def by_hand(course, gradient):
    w = b = 0.0
    for epoch in course:
        for batch in epoch:
            dw, db = gradient(w, b, X[batch], Y[batch])
            w, b = w - 0.05 * dw, b - 0.05 * db
    return w, b


def squared(w, b, x, y):
    error = w * x + b - y
    return 2 * np.mean(error * x), 2 * np.mean(error)


def judged(line, notes=None, **more):
    answer = Answer("train", "all", line, notes={"products": ORDER} if notes is None else notes)
    judgement = judge_lines(Answers([answer]), X, Y, {"all": 14}, 4, more.get("epochs", 3), 0.05)
    return {item.slug: item.status for item in judgement.items if item.status != "clear"}


LINE = by_hand(cut(ORDER), squared)


def test_the_replay_is_gradient_descent():
    assert same(Replay(PROBLEM, cut(ORDER)).line(RIGHT), LINE, 1e-12)


@pytest.mark.parametrize(
    ("rule", "gradient"),
    [
        (Rule(average="sum"), lambda *at: tuple(len(at[2]) * part for part in squared(*at))),
        (Rule(average="asked"), lambda *at: tuple(len(at[2]) / 4 * part for part in squared(*at))),
        (Rule(form="no-b"), lambda w, b, x, y: squared(w, 0.0, x, y)),
        (
            Rule(form="absolute"),
            lambda w, b, x, y: (np.mean(np.sign(w * x + b - y) * x), np.mean(np.sign(w * x + b - y))),
        ),
        (
            Rule(form="paired-with-all"),
            lambda w, b, x, y: (
                2 * np.mean((w * x[:, None] + b - y) * x[:, None]),
                2 * np.mean(w * x[:, None] + b - y),
            ),
        ),
    ],
)
def test_a_slip_s_replay_is_what_it_says(rule, gradient):
    assert same(Replay(PROBLEM, cut(ORDER)).line(rule), by_hand(cut(ORDER), gradient), 1e-12)


def test_every_slip_comes_to_a_line_of_its_own():
    lines = [Replay(PROBLEM, cut(ORDER)).line(slip.rule()) for slip in SLIPS]
    assert not any(same(line, LINE, 1e-6) for line in lines)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.words[:40])
def test_the_judge_names_each_slip_by_its_slug(slip):
    assert judged(Replay(PROBLEM, cut(ORDER)).line(slip.rule())) == {slip.slug: "found"}


def test_a_right_line_is_clear_with_the_last_batch_kept_or_left_out():
    assert judged(LINE) == {}
    kept = [point for at in (0, 14, 28) for point in ORDER[at : at + 12]]
    assert judged(by_hand(cut(kept, per_epoch=12), squared), {"products": kept}) == {}


def test_epochs_are_whole_ones_where_they_fit():
    assert [len(epoch) for epoch in epochs_of(ORDER, SETTING)] == [14, 14, 14]
    assert [len(epoch) for epoch in epochs_of(ORDER[:28], SETTING)] == [14, 14]
    assert [len(epoch) for epoch in epochs_of(ORDER[:12] + ORDER[14:26], SETTING)] == [12, 12]
    assert [len(epoch) for epoch in epochs_of([0, 1, 2, 3] * 6, SETTING)] == [8, 8, 8]


@pytest.mark.parametrize(
    ("order", "idle", "slug"),
    [
        (ORDER[:14] * 3, [], "not-shuffled"),
        (ORDER[:28], [], "wrong-hyperparameter"),
        (ORDER[:14], [3, 1], "drained-iterator"),
        (ORDER[:14], [1], "wrong-hyperparameter"),
        (ORDER[:4] * 9, [], "same-batch-repeated"),
        (ORDER[:8] + ORDER[14:22] + ORDER[28:36], [], "partial-epoch"),
        (ORDER, [], None),
        (ORDER[:40], [], None),  # the last epoch ended early
    ],
)
def test_the_way_through_the_points_is_told(order, idle, slug):
    candidate = candidates({"products": order}, SETTING)[0]
    told = [flaw.slug for flaw in flaws(candidate, SETTING, {"idle": idle})]
    assert told == ([slug] if slug else [])


@pytest.mark.parametrize(
    "notes",
    [
        {},
        {"products": [99, -1]},
        {"products": [], "draws": [0, 1], "sizes": [5]},
        {"sizes": [0, -3], "draws": [1]},
        {"products": ORDER, "missed": [4]},
        {"first": [2**70, 1], "crossed": [], "idle": [-1]},
    ],
)
def test_notes_that_lie_or_lack_are_no_accusation_of_a_right_line_and_no_crash(notes):
    assert not {slug for slug, status in judged(LINE, notes).items() if status == "found"}


def test_very_long_notes_are_no_crash():
    assert judged(LINE, {"products": [0] * 6000})
    assert judged(
        (5.0, 5.0), {"products": list(range(14)) * 420, "draws": list(range(14)) * 420, "sizes": [14] * 420}
    )


def test_a_wrong_line_is_found_whatever_the_notes_say():
    assert "found" in judged((5.0, 5.0), {}).values()
    assert "found" in judged((5.0, 5.0)).values()


def test_a_line_near_the_right_one_cannot_be_told():
    near = (LINE[0] * (1 + 3e-5), LINE[1])
    assert set(judged(near).values()) == {"unknown"}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ((1, 2.5), (1.0, 2.5)),
        ([np.array([1.0]), np.array(2)], (1.0, 2.0)),
        (np.array([1.0, 2.0]), (1.0, 2.0)),
        ({"w": 1, "b": 2}, (1.0, 2.0)),
        ((1.0, 2.0, [3.0]), (1.0, 2.0)),
        (([1.0], [2.0]), (1.0, 2.0)),
        (None, None),
        (1.0, None),
        ("ab", None),
        ((1.0,), None),
        ((True, 1.0), None),
        (("1", 2.0), None),
        (np.array(3.0), None),
        (np.zeros((2, 3)), None),
        ((Other("Line"), 1.0), None),
        ({"w": 1}, None),
        (([1.0, 2.0], 1.0), None),
    ],
)
def test_pairs_are_read_from_what_students_return(value, line):
    assert line_of(value) == line


def test_numbers_that_are_not_finite_are_one_finding():
    assert judged((float("nan"), float("inf"))) == {"non-finite-loss": "found"}


def test_a_case_without_notes_still_has_the_order_of_the_file():
    case = Case(Answer("train", "all", LINE), X, Y, 4, 3, 0.05)
    assert case.followed is None
    assert next(candidate.source for candidate, _ in case.replays) == "file"
