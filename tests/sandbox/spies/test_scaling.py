"""Scaling spies: what a GradScaler was asked to do, step by step, and losses without their scale."""

from __future__ import annotations

import pytest
import torch

from sandbox import trace
from tests.sandbox.watching import line_of, watch

START = """
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
"""
LOOP = (
    START
    + """
for xb, yb in DataLoader(data, 8):
    optimizer.zero_grad()
    loss = criterion(model(xb), yb)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    scaler.step(optimizer)
    scaler.update()
"""
)


def test_every_call_is_counted_and_noted_as_a_beat() -> None:
    seen = watch(LOOP)
    scaler = seen.one(trace.Scaler)
    assert (scaler.scaled, scaler.unscaled, scaler.steps, scaler.updates) == (3, 3, 3, 3)
    assert (scaler.skipped, scaler.bypassed, scaler.given, scaler.enabled) == (0, 0, False, True)
    assert (scaler.first, scaler.last) == (1024.0, 1024.0)
    assert scaler.line == line_of("scaler.scale(loss)", LOOP)
    assert [seen.counts[beat] for beat in "UCST"] == [3, 3, 3, 3]


def test_losses_are_recorded_without_their_scale_and_backwards_with_it() -> None:
    seen = watch(LOOP)
    losses = [row.value for row in seen.rows("L")]
    assert seen.one(trace.Losses).first == pytest.approx(losses)
    assert [row.value for row in seen.rows("B")] == pytest.approx([1024 * (loss or 0) for loss in losses])
    assert [(row.value, row.extra) for row in seen.rows("X")] == [(loss, 1024.0) for loss in losses]


def test_the_ledger_reads_gradients_on_both_sides_of_an_unscaling_and_of_a_clip() -> None:
    seen = watch(LOOP)
    for unscaled, clipped in zip(seen.rows("U"), seen.rows("C"), strict=True):
        assert unscaled.before is not None
        assert unscaled.after is not None
        before, after = trace.unpack_vector(unscaled.before), trace.unpack_vector(unscaled.after)
        assert list(before) == pytest.approx([1024 * value for value in after])
        assert clipped.before == unscaled.after
        assert clipped.after is not None
        assert clipped.flags == ""


def test_a_step_that_overflowed_is_a_skipped_one_and_no_step() -> None:
    loop = (
        START
        + """
for number, (xb, yb) in enumerate(DataLoader(data, 8)):
    optimizer.zero_grad()
    scaler.scale(criterion(model(xb), yb)).backward()
    if number == 0:
        model.weight.grad.fill_(float("inf"))
    scaler.step(optimizer)
    scaler.update()
"""
    )
    seen = watch(loop)
    scaler = seen.one(trace.Scaler)
    assert (scaler.steps, scaler.skipped, scaler.last) == (3, 1, 512.0)
    assert (seen.counts["S"], seen.counts["K"], seen.one(trace.End).steps) == (2, 1, 2)


def test_a_step_outside_the_scaler_is_one_that_bypassed_it() -> None:
    seen = watch(
        START
        + """
for xb, yb in DataLoader(data, 8):
    optimizer.zero_grad()
    scaler.scale(criterion(model(xb), yb)).backward()
    optimizer.step()
"""
    )
    scaler = seen.one(trace.Scaler)
    assert (scaler.steps, scaler.bypassed) == (0, 3)


def test_a_scaler_that_is_switched_off_leaves_no_reading() -> None:
    seen = watch(LOOP.replace("init_scale=1024.0", "enabled=False"))
    scaler = seen.one(trace.Scaler)
    assert (scaler.enabled, scaler.scaled, scaler.steps, scaler.first) == (False, 3, 3, 1.0)
    assert seen.rows("XU") == []
    assert seen.one(trace.Losses).first == pytest.approx([row.value for row in seen.rows("B")])


def test_a_step_that_raises_is_no_skipped_one() -> None:
    loop = (
        LOOP.replace("    scaler.update()\n", "")
        .replace("for xb", "try:\n  for xb")
        .replace("\n    ", "\n      ")
    )
    seen = watch(loop + "except RuntimeError:\n  pass\n")
    scaler = seen.one(trace.Scaler)
    assert (scaler.steps, scaler.skipped, scaler.unscaled, scaler.updates) == (1, 0, 2, 0)


def test_a_fused_step_says_what_it_divides_by() -> None:
    loop = (
        START
        + """
fused = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
for number, (xb, yb) in enumerate(DataLoader(data, 8)):
    fused.zero_grad()
    scaler.scale(criterion(model(xb), yb)).backward()
    if number == 1:
        scaler.unscale_(fused)
    scaler.step(fused)
    scaler.update()
"""
    )
    assert [row.extra for row in watch(loop).rows("s")] == [1024.0, 1.0, 1024.0]


def test_forwards_say_whether_autocast_was_on_and_in_which_type() -> None:
    loop = """
for kind in (torch.float16, torch.bfloat16, None):
    with torch.autocast("cpu", dtype=kind, enabled=kind is not None):
        criterion(model(x).float(), 3 * x - 1).backward()
"""
    assert [row.flags for row in watch(loop).rows("F")] == ["th", "tb", "t"]


def test_many_scalers_are_followed_up_to_a_limit() -> None:
    loop = """
for _ in range(40):
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(criterion(model(x), 3 * x - 1)).backward()
"""
    assert len(watch(loop).of(trace.Scaler)) == 16


def test_the_scaler_s_own_methods_are_back_afterwards() -> None:
    before = {name: vars(torch.amp.GradScaler)[name] for name in ("scale", "unscale_", "step", "update")}
    watch(LOOP)
    assert {name: vars(torch.amp.GradScaler)[name] for name in before} == before
