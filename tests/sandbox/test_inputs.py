"""Raw rows become a module's inputs, and a model is asked about many of them in batches of one size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from sandbox.inputs import Inputs, logits_of

RAW = np.arange(7 * 4, dtype=np.float32).reshape(7, 4) / 28
INPUTS = Inputs(rows=3, shape=(2, 2), dtype=torch.float32, scale=2.0, shift=-0.5, residual=0.0)


def calmly() -> None:
    """Nothing is in a hurry."""


def test_a_batch_is_scaled_shifted_and_shaped() -> None:
    batch = INPUTS.batch(RAW[:3])
    assert (batch.shape, batch.dtype) == ((3, 2, 2), torch.float32)
    assert torch.allclose(batch.reshape(3, 4), torch.from_numpy(RAW[:3]) * 2 - 0.5)


def test_every_row_is_answered_once_in_batches_of_one_size() -> None:
    sizes = []

    class Summed(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            sizes.append(len(x))
            return x.flatten(1).sum(1, keepdim=True).repeat(1, 2)

    logits = logits_of(Summed(), RAW, INPUTS, 2, calmly)
    assert sizes == [3, 3, 3]
    assert logits.shape == (7, 2)
    np.testing.assert_allclose(logits[:, 0].numpy(), 2 * RAW.sum(1) - 2, rtol=1e-6)


def test_answers_are_floats_of_32_bits_without_a_graph() -> None:
    layer = nn.Sequential(nn.Flatten(), nn.Linear(4, 2)).double()
    inputs = Inputs(rows=3, shape=(2, 2), dtype=torch.float64, scale=1.0, shift=0.0, residual=0.0)
    logits = logits_of(layer, RAW, inputs, 2, calmly)
    assert (logits.dtype, logits.requires_grad) == (torch.float32, False)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (torch.zeros(3, 5), r"gives \[3, 5\] in evaluation mode, not \[3, 2\]"),
        (torch.zeros(3), r"gives \[3\]"),
        ("scores", "gives str"),
        (None, "gives NoneType"),
    ],
)
def test_what_are_no_scores_is_said(output: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        logits_of(lambda _: output, RAW, INPUTS, 2, calmly)


def test_it_may_be_ended_between_batches() -> None:
    asked = []

    def hurry() -> None:
        if asked:
            raise TimeoutError

    def call(x: torch.Tensor) -> torch.Tensor:
        asked.append(len(x))
        return torch.zeros(3, 2)

    with pytest.raises(TimeoutError):
        logits_of(call, RAW, INPUTS, 2, hurry)
    assert asked == [3]
