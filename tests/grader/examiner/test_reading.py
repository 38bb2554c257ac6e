"""Items of data sets are read once where nothing can make them others, and every time where something can."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, Dataset, Subset

from grader.examiner import reading
from grader.examiner.reading import Readings
from sandbox import trace
from sandbox.spies.reading import FIRST_BODY

TO_TENSOR = [["v1.ToTensor", {}]]


class Counted(Dataset[Any]):
    """Ten rows, and how often each was read."""

    def __init__(self) -> None:
        self.reads = [0] * 10

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        self.reads[index] += 1
        return torch.full((3,), float(index)), index


def read(data: Any, epochs: int = 3) -> list[list[Any]]:
    """All batches of some passes."""
    loader = DataLoader(data, batch_size=4)
    return [[rows, numbers] for _ in range(epochs) for rows, numbers in loader]


def body(*ops: Any, result: Any = None) -> trace.Body:
    return trace.Body(id=FIRST_BODY, ops=list(ops), result=result or ["v", 0])


def test_each_item_is_read_once_and_comes_as_it_did() -> None:
    plain, data = Counted(), Counted()
    kept = Readings().keep(data, "train", TO_TENSOR, {})
    assert kept is data
    for batches in zip(read(kept), read(plain), strict=True):
        assert all(torch.equal(one, other) for one, other in zip(*batches, strict=True))
    assert data.reads == [1] * 10
    assert plain.reads == [3] * 10


def test_parts_of_a_data_set_and_loaders_made_anew_share_what_was_read() -> None:
    readings, first, second = Readings(), Counted(), Counted()
    read(Subset(readings.keep(first, "train", TO_TENSOR, {}), range(6)))
    read(readings.keep(second, "train", TO_TENSOR, {}), epochs=1)
    assert first.reads == [1] * 6 + [0] * 4
    assert second.reads == [0] * 6 + [1] * 4


def test_other_data_and_other_transforms_are_apart() -> None:
    readings = Readings()
    for name, transform in (("train", TO_TENSOR), ("held-out", TO_TENSOR), ("train", [])):
        data = Counted()
        read(readings.keep(data, name, transform, {}), epochs=2)
        assert data.reads == [1] * 10


FLAT = ["=", "torch.Tensor.view", [{"r": ["i", 0]}, -1], {}, 1]
CHANGING = {
    "one that draws": body(["=", "torch.rand_like", [{"r": ["i", 0]}], {}, 1]),
    "one that reads a parameter": body(["=", "torch.add", [{"r": ["i", 0]}, {"r": ["p", 0]}], {}, 1]),
    "one that reads a buffer": body(["=", "torch.add", [{"r": ["i", 0]}], {"other": {"r": ["u", 0]}}, 1]),
    "one that gives a parameter": body(FLAT, result=["p", 0]),
    "one that calls a layer": body(["m", "0", [["i", 0]], 1]),
    "one that was not told": None,
}


def test_what_a_function_makes_of_an_item_is_kept_too() -> None:
    data = Counted()
    read(Readings().keep(data, "train", [["function", 0]], {FIRST_BODY: body(FLAT)}))
    assert data.reads == [1] * 10


@pytest.mark.parametrize("name", CHANGING)
def test_what_may_be_another_next_time_is_read_anew(name: str) -> None:
    data, told = Counted(), CHANGING[name]
    bodies = {} if told is None else {FIRST_BODY: told}
    read(Readings().keep(data, "train", [["function", 0]], bodies))
    assert data.reads == [3] * 10


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROOM", 4 * 3 * 4)
    data = Counted()
    read(Readings().keep(data, "train", TO_TENSOR, {}))
    assert data.reads == [1] * 4 + [3] * 6
