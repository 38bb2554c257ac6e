"""Optimizer spies: what was made with which numbers, and steps and clearings as beats."""

from __future__ import annotations

import pytest

from sandbox import trace
from tests.sandbox.watching import line_of, watch

LOOP = """
for xb, yb in DataLoader(data, 8):
    optimizer.zero_grad()
    criterion(model(xb), yb).backward()
    optimizer.step()
"""


def test_an_optimizer_is_described_with_its_numbers_and_its_line() -> None:
    loop = "optimizer = torch.optim.Adam(model.parameters(), lr=0.02, betas=(0.8, 0.9))\n" + LOOP
    seen = watch(loop)
    first, second = seen.of(trace.Optimizer)
    assert (first.cls, first.hyper["lr"], first.hyper["momentum"]) == ("SGD", 0.1, 0.0)
    assert (second.cls, second.hyper["lr"]) == ("Adam", 0.02)
    assert (second.hyper["betas0"], second.hyper["betas1"]) == (0.8, 0.9)
    assert second.line == line_of("Adam(", loop)
    assert not second.given
    assert second.params == first.params
    assert {param.id for param in seen.of(trace.Param)} == set(second.params)


def test_uses_count_the_steps_and_tell_state() -> None:
    seen = watch("optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)\n" + LOOP)
    assert [(use.steps, use.stateful) for use in seen.of(trace.OptimizerUse)] == [(0, False), (3, True)]
    assert [(use.steps, use.stateful) for use in watch(LOOP).of(trace.OptimizerUse)] == [(3, False)]


def test_an_optimizer_made_for_every_batch_is_counted_each_time_with_its_step() -> None:
    seen = watch(
        LOOP.replace("optimizer.zero", "optimizer = torch.optim.SGD(model.parameters(), 0.1); optimizer.zero")
    )
    assert [item.at_step for item in seen.of(trace.Optimizer)] == [0, 0, 1, 2]


def test_a_learning_rate_as_a_tensor_is_a_number() -> None:
    seen = watch("torch.optim.Adam(model.parameters(), lr=torch.tensor(0.25), foreach=False)")
    assert seen.of(trace.Optimizer)[1].hyper["lr"] == 0.25


@pytest.mark.parametrize(
    "clear", ["optimizer.zero_grad()", "model.zero_grad()", "optimizer.zero_grad(set_to_none=False)"]
)
def test_every_way_of_clearing_by_a_call_is_a_beat(clear: str) -> None:
    seen = watch(LOOP.replace("optimizer.zero_grad()", clear))
    assert seen.counts == {"D": 3, "Z": 3, "F": 3, "L": 3, "B": 3, "S": 3}
    assert [row.of for row in seen.rows("Z")] == [-1 if "model" in clear else 0] * 3


def test_an_optimizer_inside_an_optimizer_is_one_step() -> None:
    seen = watch(
        """
        class Ahead(torch.optim.Optimizer):
            def __init__(self, base):
                self.base = base
                super().__init__(base.param_groups, {})
            def step(self, closure=None):
                self.base.step(); self.base.step()
        optimizer = Ahead(optimizer)
        """
        + LOOP.replace("\n", "\n        ")
    )
    assert seen.counts["S"] == 3
    assert seen.one(trace.End).steps == 3


def test_two_optimizers_are_two_steps() -> None:
    seen = watch(
        "optimizer = torch.optim.SGD([model.weight], 0.1); other = torch.optim.SGD([model.bias], 0.1)\n"
        + LOOP.replace("optimizer.step()", "optimizer.step(); other.step()")
    )
    assert seen.counts["S"] == 6
    assert [row.of for row in seen.rows("S")] == [1, 2] * 3


def test_the_rates_of_a_schedule_are_noted_at_each_step() -> None:
    loop = "schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)\n" + LOOP + "    schedule.step()\n"
    assert [row.rates for row in watch(loop).rows("s")] == [[0.1], [0.05], [0.025]]


def test_steps_after_one_that_raised_in_its_closure_are_seen() -> None:
    seen = watch("""
        for number, (xb, yb) in enumerate(DataLoader(data, 4)):
            def closure():
                optimizer.zero_grad()
                if number == 1: raise ValueError("a bad batch")
                loss = criterion(model(xb), yb)
                loss.backward()
                return loss
            try: optimizer.step(closure)
            except ValueError: pass
    """)
    assert (seen.counts["D"], seen.counts["S"]) == (6, 5)
    assert seen.one(trace.End).steps == 5
