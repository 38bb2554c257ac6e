"""Numbers in a forward's text are counted where tensors are made of them."""

from __future__ import annotations

from typing import Any

import pytest

from grader.examiner.answering import brought

TABLE = {"l": [{"l": [0.5] * 10} for _ in range(8)]}


@pytest.mark.parametrize(
    ("ops", "count"),
    [
        ([["=", "torch.tensor", [TABLE], {"m": {}}, 1]], 80),
        ([["~", "torch.Tensor.new_tensor", [{"r": ["i", 0]}, TABLE], {"m": {}}, 1]], 81),
        ([["=", "torch.as_tensor", [], {"m": {"data": TABLE}}, 1]] * 2, 160),
        ([["=", "torch.Tensor.__mul__", [{"r": ["v", 0]}, 0.5], {"m": {}}, 1]], 0),
        ([["=", "torch.nn.functional.conv2d", [{"r": ["i", 0]}, {"i": [1, 1]}], {"m": {}}, 1]], 0),
        ([["m", "layers.0", [["i", 0]], 1]], 0),
        ([["=", "torch.tensor", [True, None, "text"], {"m": {}}, 1]], 0),
        ([], 0),
    ],
)
def test_numbers_of_made_tensors_are_counted(ops: list[Any], count: int) -> None:
    assert brought(ops) == count
