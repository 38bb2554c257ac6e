"""Differences that broadcasting makes larger, in the graph of a loss."""

from __future__ import annotations

import pytest
import torch

from sandbox import trace
from sandbox.spies.shapes import widened
from tests.sandbox.watching import watch

MODEL = torch.nn.Linear(2, 1)
X, Y = torch.randn(8, 2), torch.randn(8, 1)


def test_a_column_against_a_row_is_widened() -> None:
    assert widened((MODEL(X) - Y.squeeze(1)).square().mean()) == ([8, 1], [8, 8])
    assert widened((Y - MODEL(X).squeeze(1)).abs().mean()) == ([8], [8, 8])


@pytest.mark.parametrize(
    "loss",
    [
        lambda out: (out - Y).square().mean(),
        lambda out: (out - out.T).square().mean(),
        lambda out: (out[:, 0, None] - Y.T).square().mean(),
        lambda out: (out - 1.0).square().mean(),
        lambda out: torch.nn.functional.mse_loss(out, Y),
    ],
    ids=["same shape", "pairs of outputs", "dimension added", "number", "torch's own"],
)
def test_what_is_meant_so_is_not(loss) -> None:  # type: ignore[no-untyped-def]
    assert widened(loss(MODEL(X))) is None


def test_it_is_recorded_with_its_line() -> None:
    seen = watch("""
        for x, y in DataLoader(data, batch_size=8):
            optimizer.zero_grad()
            loss = (model(x) - y.squeeze(1)).square().mean()
            loss.backward()
            optimizer.step()
    """)
    first = seen.of(trace.Widened)[0]
    assert (first.operand, first.result) == ([8, 1], [8, 8])
    assert seen.of(trace.Failure) == []
