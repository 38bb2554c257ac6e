"""Schedule spies: which schedulers there were, when they were stepped, and the rate of every step."""

from __future__ import annotations

import pytest

from sandbox import trace
from tests.sandbox.watching import line_of, watch

LOOP = """
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
for epoch in range(3):
    for xb, yb in DataLoader(data, 8):
        optimizer.zero_grad()
        criterion(model(xb), yb).backward()
        optimizer.step()
    scheduler.step()
"""


def test_a_call_after_every_epoch_is_one_gap_three_times() -> None:
    seen = watch(LOOP)
    schedule = seen.one(trace.Schedule)
    assert (schedule.cls, schedule.given, schedule.horizon) == ("StepLR", False, -1)
    assert (schedule.calls, schedule.first_at, schedule.gaps) == (3, 3, [[3, 3]])
    assert schedule.line == line_of("StepLR(", LOOP)
    assert seen.counts["H"] == 3


def test_the_rate_of_every_step_is_run_length_coded() -> None:
    rates = watch(LOOP).one(trace.Rates)
    assert rates.runs == [[0.1, 3], [0.05, 3], [0.025, 3]]
    assert not rates.truncated


def test_rates_that_are_set_by_hand_are_seen_without_a_scheduler() -> None:
    loop = """
for number, (xb, yb) in enumerate(DataLoader(data, 8)):
    optimizer.param_groups[0]["lr"] = 0.1 / (number + 1)
    optimizer.zero_grad()
    criterion(model(xb), yb).backward()
    optimizer.step()
"""
    seen = watch(loop)
    assert seen.of(trace.Schedule) == []
    assert [rate for rate, _ in seen.one(trace.Rates).runs] == pytest.approx([0.1, 0.05, 0.1 / 3])


@pytest.mark.parametrize(
    ("made", "horizon"),
    [
        ("CosineAnnealingLR(optimizer, T_max=9)", 9),
        ("OneCycleLR(optimizer, max_lr=0.1, epochs=3, steps_per_epoch=3)", 9),
        ("LinearLR(optimizer, total_iters=4)", 4),
        ("ExponentialLR(optimizer, 0.9)", -1),
    ],
)
def test_a_scheduler_s_own_length_is_told(made: str, horizon: int) -> None:
    loop = LOOP.replace("StepLR(optimizer, step_size=1, gamma=0.5)", made)
    assert watch(loop).one(trace.Schedule).horizon == horizon


def test_schedulers_inside_a_sequence_are_no_calls_of_their_own() -> None:
    made = "SequentialLR(optimizer, [lr.ConstantLR(optimizer), lr.ConstantLR(optimizer)], milestones=[2])"
    loop = LOOP.replace("StepLR(optimizer, step_size=1, gamma=0.5)", made)
    seen = watch("lr = torch.optim.lr_scheduler\n" + loop)
    assert {item.cls: item.calls for item in seen.of(trace.Schedule) if item.calls} == {"SequentialLR": 3}
    assert seen.counts["H"] == 3


@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")
def test_a_call_before_the_first_step_stands_at_step_0() -> None:
    loop = LOOP.replace("    scheduler.step()\n", "").replace("3):\n", "3):\n    scheduler.step()\n")
    schedule = watch(loop).one(trace.Schedule)
    assert (schedule.first_at, schedule.gaps) == (0, [[0, 1], [3, 2]])


def test_a_plateau_is_stepped_with_its_number() -> None:
    loop = LOOP.replace("StepLR(optimizer, step_size=1, gamma=0.5)", "ReduceLROnPlateau(optimizer)")
    seen = watch(loop.replace("    scheduler.step()", "    scheduler.step(1.0)"))
    assert seen.one(trace.Schedule).calls == 3
