"""The oracle on changes whose effect is known."""

from __future__ import annotations

import pytest

from tests.mutation.oracle import Oracle

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


def test_a_loop_that_never_ends_is_bad(oracle: Oracle) -> None:
    judged = oracle.judge(LOOP, LOOP.replace("for _ in range(epochs)", "while True"))
    assert (judged.bad, judged.reason) == (True, "timed out")


def test_a_right_loop_is_like_itself(oracle: Oracle) -> None:
    assert oracle.judge(LOOP, LOOP).reason == ""
