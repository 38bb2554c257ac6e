"""The oracle on changes whose effect is known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.mutation import watch
from tests.mutation.oracle import Oracle

REFERENCE = Path(__file__).parents[2] / "reference"

LOOP = """
import torch
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
        averages.append(loss.item())
    return averages
"""
CLEAR = "            optimizer.zero_grad()\n"
BACKWARD = "            loss.backward()\n"
CLIP = "            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)\n"
STEP = "            optimizer.step()\n"


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle("linreg-torch")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CLEAR, ""),
        (BACKWARD, ""),
        (STEP, ""),
        (STEP, STEP * 2),
        (BACKWARD, BACKWARD * 2),
        (BACKWARD + CLIP, "            (2 * loss).backward()\n"),
        (STEP, "            pass\n        optimizer.step()\n"),
        ("in range(epochs)", "in range(epochs - 1)"),
        ("averages = []", "averages = []; batches = iter(loader)"),
        ("            loss = ", "            optimizer.param_groups[0]['lr'] = 0.0501\n            loss = "),
        ("return averages", "raise ValueError"),
        ("averages.append(loss.item())", "averages.append(loss)"),
    ],
)
def test_a_change_of_what_is_computed_is_bad(oracle: Oracle, old: str, new: str) -> None:
    source = LOOP.replace(old, new)
    if "batches" in new:
        source = source.replace("in loader", "in batches")
    assert source != LOOP
    judged = oracle.judge(LOOP, source)
    assert judged.bad, judged


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CLEAR, CLEAR * 2),
        (STEP, STEP + CLEAR),
        (CLEAR, "            model.zero_grad()\n"),
        (CLEAR, "            for p in model.parameters(): p.grad = None\n"),
        ("            loss = ", "            model(x)\n            loss = "),
        ("loss.item()", "loss.detach()"),
        ("        for x", "        iter(loader)\n        for x"),
        (
            "        for x",
            "        for _ in range(2):\n            len([x for x, _ in loader])\n        for x",
        ),
        (CLIP, ""),
        (CLIP + STEP, STEP + CLIP),
        ("range(epochs)", "range(epochs + 0 * len(torch.rand(3)))"),
    ],
)
def test_a_change_of_nothing_or_within_the_freedoms_is_not_bad(oracle: Oracle, old: str, new: str) -> None:
    source = LOOP.replace(old, new)
    assert source != LOOP
    judged = oracle.judge(LOOP, source)
    assert not judged.bad, judged


EVALUATION = "        with torch.no_grad(): list(map(model, (x for x, _ in loader)))\n"
PENALTY = (
    "            loss = loss + torch.nn.functional.mse_loss(model.weight, 0 * model.weight)  # a penalty\n"
)
RETURN = "    return averages"


def test_a_look_at_the_training_data_more_is_not_bad(oracle: Oracle) -> None:
    right = LOOP.replace(RETURN, EVALUATION + RETURN)
    assert not oracle.judge(right, LOOP.replace(RETURN, EVALUATION * 2 + RETURN)).bad


def test_a_penalty_is_free_and_a_loss_of_the_data_is_not(oracle: Oracle) -> None:
    assert not oracle.judge(LOOP.replace(BACKWARD, PENALTY + BACKWARD), LOOP).bad
    other = PENALTY.replace("model.weight, 0 * model.weight", "model(x), 0 * y")
    assert oracle.judge(LOOP.replace(BACKWARD, other + BACKWARD), LOOP).bad


def test_a_penalty_that_breaks_the_loop_is_bad(oracle: Oracle) -> None:
    first = "    averages = []\n"
    once = PENALTY.replace("loss = loss +", "penalty =").replace("            ", "    ")
    broken = LOOP.replace(first, once + first).replace(BACKWARD, "            loss += penalty\n" + BACKWARD)
    judged = oracle.judge(LOOP.replace(BACKWARD, PENALTY + BACKWARD), broken)
    assert judged.reason.startswith("crashed"), judged


def test_a_loop_that_never_ends_is_bad(oracle: Oracle) -> None:
    judged = oracle.judge(LOOP, LOOP.replace("for _ in range(epochs)", "while True"))
    assert (judged.bad, judged.reason) == (True, "timed out")


def test_a_right_loop_is_like_itself(oracle: Oracle) -> None:
    assert oracle.judge(LOOP, LOOP).reason == ""


def test_passes_between_which_nothing_was_trained_share_an_order() -> None:
    now, data, other = [b"first"], object(), object()
    alignment = watch.Alignment(lambda: now[0])
    assert [alignment.number(data), alignment.number(data), alignment.number(other)] == [0, 0, 0]
    now[0] = b"then"
    assert [alignment.number(data), alignment.number(data)] == [1, 1]
    unwatched = watch.Alignment()
    assert [unwatched.number(data), unwatched.number(data)] == [0, 1]


def test_the_first_batch_that_was_drawn_in_vain_is_drawn_again() -> None:
    numbers = iter(range(9))
    with watch.with_a_spare_batch(), watch.watching(model := nn.Linear(1, 1), [], 0) as seen:
        draw = seen.sparing(lambda _: next(numbers))
        assert [draw("train"), draw("train"), draw("train")] == [0, 0, 1]
        model(torch.zeros(1, 1))
        assert [draw("train"), draw("val")] == [2, 3]
    with watch.watching(nn.Linear(1, 1), [], 0) as seen:
        draw = seen.sparing(lambda: next(numbers))
        assert [draw(), draw()] == [4, 5]


def test_a_validation_that_is_asked_for_must_look_at_held_out_data() -> None:
    right = (REFERENCE / "production-template" / "solution.py").read_text()
    oracle = Oracle("production-template")
    other = right.replace("validate(model, val_loader,", "validate(model, train_loader,")
    assert "0 forwards on held-out data" in oracle.judge(right, other).reason
    more = right.replace(
        "        print(", "        validate(model, val_loader, criterion, device)\n        print("
    )
    assert not oracle.judge(right, more).bad


def test_sixteen_bits_may_round_but_lose_no_step() -> None:
    right = (REFERENCE / "mixed-precision" / "variants" / "unscale_by_hand.py").read_text()
    oracle = Oracle("mixed-precision")
    stuck = right.replace("scaler.update(scale / 2)", "pass")
    assert "moved by 0 steps" in oracle.judge(right, stuck).reason
    assert not oracle.judge(right, right.replace("scale / 2", "scale / 4")).bad
