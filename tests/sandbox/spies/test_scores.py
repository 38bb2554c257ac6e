"""Squashed scores, told by the graph of a loss."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from sandbox import trace
from sandbox.spies.scores import squashed
from tests.sandbox.watching import watch

MODEL = torch.nn.Linear(2, 3)
X, Y = torch.randn(8, 2), torch.arange(8) % 3


def by_hand(scores: torch.Tensor) -> torch.Tensor:
    """The cross-entropy."""
    return (torch.logsumexp(scores, dim=1) - scores.gather(1, Y[:, None]).squeeze(1)).mean()


@pytest.mark.parametrize(
    "loss",
    [
        by_hand,
        lambda scores: functional.cross_entropy(scores, Y),
        lambda scores: functional.cross_entropy(scores.reshape(4, 6).view(8, 3).double(), Y),
        lambda scores: functional.nll_loss(scores.log_softmax(1), Y) + scores.square().mean(),
        lambda scores: functional.binary_cross_entropy_with_logits(scores, torch.ones(8, 3)),
    ],
    ids=["by hand", "torch's own", "reshaped", "one of two", "binary"],
)
def test_what_was_squashed_is_named(loss) -> None:  # type: ignore[no-untyped-def]
    assert squashed(loss(MODEL(X))) == ""
    assert squashed(loss(MODEL(X).softmax(1))) == "softmax"
    assert squashed(loss(MODEL(X).sigmoid())) == "sigmoid"


@pytest.mark.parametrize(
    "loss",
    [
        lambda scores: functional.nll_loss(scores.softmax(1).log(), Y),
        lambda scores: functional.cross_entropy(5 * scores.sigmoid(), Y),
        lambda scores: functional.cross_entropy(scores * scores.sigmoid(), Y),
        lambda scores: functional.kl_div(scores.log_softmax(1), scores.softmax(1), reduction="sum"),
        lambda scores: functional.binary_cross_entropy(scores.sigmoid(), torch.ones(8, 3)),
    ],
    ids=["logarithm taken", "scaled", "gated", "two outputs", "probabilities wanted"],
)
def test_what_is_meant_so_is_not(loss) -> None:  # type: ignore[no-untyped-def]
    assert squashed(loss(MODEL(X))) == ""


def test_it_is_recorded_with_its_line() -> None:
    seen = watch("""
        for x, y in DataLoader(data, batch_size=4):
            optimizer.zero_grad()
            loss = torch.logsumexp(model(x).sigmoid(), dim=1).mean()
            loss.backward()
            optimizer.step()
    """)
    found = seen.of(trace.Squashed)
    assert [item.by for item in found] == ["sigmoid"] * 3
    assert len({item.line for item in found}) == 1
    assert found[0].line > 0
    assert seen.of(trace.Failure) == []
