"""Optimizers, their settings and their closures in scripts: what is told of them, and what cannot be."""

from __future__ import annotations

import pytest

from sandbox import trace
from sandbox.spies.recorder import Recorder
from sandbox.spies.updates import repeating
from tests.sandbox.spies.test_script import (
    BACKWARD,
    FORWARD,
    LONG,
    MSE,
    PLAIN,
    op_of,
    step_of,
    steps_of,
    without_failures,
)
from tests.sandbox.watching import expand, watch


def test_an_optimizer_of_the_file_is_made_with_its_settings() -> None:
    made = "own = torch.optim.Adam([{'params': [model.weight], 'lr': 0.5}, {'params': [model.bias]}])\n"
    first = steps_of(made + PLAIN.replace("optimizer.", "own."), EPOCHS=1)[0]
    adam = next(op for op in first if op[:2] == ["O", "Adam"])
    assert adam[1] == "Adam"
    (weight, one), (bias, two) = adam[2]
    assert (weight, bias) == ([0], [1])
    assert (one["lr"], two["lr"]) == (0.5, 0.001)
    assert one["betas"] == {"l": [0.9, 0.999]}
    assert op_of(made + PLAIN.replace("optimizer.", "own."), "S") == ["S", -2]


def test_steps_that_make_their_optimizer_anew_are_equal() -> None:
    made = "optimizer = torch.optim.SGD(model.parameters(), lr=0.1); optimizer.zero_grad()"
    seen = watch(PLAIN.replace("optimizer.zero_grad()", made), EPOCHS=100)
    assert len(seen.of(trace.Script)) <= 5
    assert seen.one(trace.Program).truncated is False


def test_older_optimizers_are_told_by_their_age() -> None:
    made = "one, two = (torch.optim.SGD([item], lr=0.1) for item in model.parameters())\n"
    loop = made + PLAIN.replace("optimizer.step()", "one.step(); two.step()")
    assert [op for step in steps_of(loop, EPOCHS=1) for op in step if op[0] == "S"][:2] == [
        ["S", -3],
        ["S", -2],
    ]


def test_an_optimizer_of_the_file_s_own_kind_cannot_be_told() -> None:
    made = """\
class Own(torch.optim.SGD):
    pass
own = Own(model.parameters(), lr=0.1)
"""
    assert ["?", "", "an optimizer of the file's own kind"] in steps_of(made + PLAIN, EPOCHS=1)[0]


def test_a_rate_set_by_hand_is_told_before_the_step_that_uses_it() -> None:
    loop = PLAIN + "    optimizer.param_groups[0]['lr'] = 0.5 / (epoch + 1)\n"
    seen = without_failures(watch(loop, EPOCHS=3))
    assert seen.one(trace.Program).numbers == [[0.5, 1.0], [0.25, 1.0]]
    scripts = {script.id: script.ops for script in seen.of(trace.Script)}
    steps = [scripts[number] for number in expand(seen.one(trace.Program).items)]
    assert [step[-2:] == [["R", -2, [[0, "lr"]]], ["S", -2]] for step in steps] == (
        [False] * 3 + [True, False, False] * 2 + [False]
    )


def test_equal_numbers_are_counted_and_betas_are_two() -> None:
    made = "optimizer = torch.optim.Adam(model.parameters())\n"
    loop = (
        made
        + PLAIN
        + """\
        group = optimizer.param_groups[0]
        group['betas'] = (0.5, 0.5) if group['betas'][0] == 0.9 else (0.9, 0.9)
        group['weight_decay'] += 0.125
"""
    )
    seen = without_failures(watch(loop, EPOCHS=1))
    assert seen.one(trace.Program).numbers == [[0.5, 2.0], [0.125, 1.0], [0.9, 2.0], [0.25, 1.0]]
    told = [op for script in seen.of(trace.Script) for op in script.ops if op[0] == "R"]
    assert told == [["R", -2, [[0, "betas"], [0, "weight_decay"]]]]


@pytest.mark.parametrize("times", [1.0, 0.99])
def test_a_rate_that_changes_at_every_step_leaves_steps_steady(
    times: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = 0
    in_full = Recorder.stepped

    def stepped(recorder: Recorder, params: list[int]) -> None:
        nonlocal told
        told += 1
        in_full(recorder, params)

    monkeypatch.setattr(Recorder, "stepped", stepped)
    loop = PLAIN + f"        optimizer.param_groups[0]['lr'] *= {times}\n"
    seen = without_failures(watch(loop, setup=LONG, shapes=[[1, 4], [1]], EPOCHS=4))
    assert told < 0.7 * 400
    numbers = seen.one(trace.Program).numbers
    if times == 1.0:
        assert numbers == []
        return
    rate, expected = 0.01, []
    for _ in range(399):
        rate *= times
        expected.append([rate, 1.0])
    assert numbers == expected


def test_a_scheduler_of_the_file_is_a_beat_and_its_rates_are_told() -> None:
    made = "scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)\n"
    loop = made + PLAIN + "        scheduler.step()\n"
    seen = without_failures(watch(loop, EPOCHS=1))
    assert seen.one(trace.Program).numbers == [[0.05, 1.0], [0.025, 1.0]]
    assert ["H", 0] in seen.of(trace.Script)[1].ops


LBFGS = """\
own = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=4)
loader = DataLoader(data, 8)
for xb, yb in loader:
    def closure():
        own.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        return loss
    own.step(closure)
"""


def test_a_closure_s_body_is_told_once_however_often_it_is_called() -> None:
    body = [["Z", -2, True], FORWARD, MSE, BACKWARD]
    assert step_of(LBFGS) == [["D", 0, 0], ["S", -2, body]]
    assert watch(LBFGS).counts["B"] > 3


def test_a_closure_that_is_another_each_time_is_told_as_it_was() -> None:
    loop = LBFGS.replace("loss.backward()", "loss.backward(); calls.append(0); len(calls) % 2 or model(xb)")
    (_, (_, _, body)) = step_of("calls = []\n" + loop)
    assert len(body) > 4
    assert [op[0] for op in body].count("B") > 1


def test_the_shortest_stretch_that_repeats_is_found() -> None:
    assert repeating([["a"], ["b"]] * 3) == [["a"], ["b"]]
    assert repeating([["a"]] * 4) == [["a"]]
    assert repeating([["a"], ["b"], ["a"]]) == [["a"], ["b"], ["a"]]
    assert repeating([]) == []
