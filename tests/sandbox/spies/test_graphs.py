"""Tensors and graphs as spies look at them: which can be read, what lies below, how long a graph lives."""

from __future__ import annotations

import gc

import pytest
import torch
from torch import nn

from sandbox.spies.graphs import first_tensor, graph_nodes, mark_graph, marks_below, readable


@pytest.mark.parametrize("value", [None, 3, "x", [], {}, [None, {"a": []}], torch.zeros(2).to_sparse()])
def test_arguments_without_a_readable_tensor_have_none(value: object) -> None:
    assert first_tensor(value) is None


def test_the_first_tensor_is_found_in_tuples_lists_and_dicts() -> None:
    wanted = torch.zeros(3)
    for value in (wanted, (wanted, torch.ones(1)), [1, {"x": [wanted]}], {"a": None, "b": wanted}):
        assert first_tensor(value) is wanted


def test_a_graph_of_a_hundred_thousand_nodes_is_walked_within_bounds() -> None:
    value = torch.ones(1, requires_grad=True)
    for _ in range(30_000):
        value = value + 1
    assert len(graph_nodes(value)) == 20_000
    assert graph_nodes(None) == set()


# ── what can be read ─────────────────────────────────────────────────────────────────────────────


def test_plain_tensors_and_parameters_are_readable_and_others_are_not() -> None:
    assert readable(torch.zeros(2))
    assert readable(nn.Linear(1, 1).weight)
    assert not readable(torch.zeros(2, device="meta"))
    assert not readable(torch.zeros(2).to_sparse())


def test_nothing_is_readable_inside_a_transform_of_torch_func() -> None:
    seen: list[torch.Tensor | None] = []

    def look(x: torch.Tensor) -> torch.Tensor:
        seen.append(first_tensor((x,)))
        return x.sum()

    torch.func.grad(look)(torch.ones(3))
    assert seen == [None]
    assert readable(torch.ones(3))


def test_a_subclass_is_read_as_the_plain_tensor_beneath_it() -> None:
    class Image(torch.Tensor):
        pass

    image = torch.arange(3.0).as_subclass(Image)
    found = first_tensor([image])
    assert type(found) is torch.Tensor
    assert found.data_ptr() == image.data_ptr()


# ── marks ────────────────────────────────────────────────────────────────────────────────────────


def test_a_mark_lives_as_long_as_its_graph() -> None:
    layer = nn.Linear(2, 1)
    output = layer(torch.ones(3, 2))
    mark = mark_graph(output)
    assert mark is not None
    loss = output.sum()
    del output
    gc.collect()
    assert mark() is not None  # the loss keeps the graph
    del loss
    gc.collect()
    assert mark() is None


def test_the_marks_below_a_loss_are_those_of_its_own_forwards() -> None:
    layer = nn.Linear(2, 1)
    outputs = [layer(torch.ones(3, 2)) for _ in range(3)]
    marks = [mark_graph(output) for output in outputs]
    loss = outputs[0].sum() + outputs[2].mean()
    assert marks_below(loss) == {mark() for mark in (marks[0], marks[2]) if mark is not None}
    assert marks_below(loss.detach()) == marks_below(None) == set()


def test_a_tensor_without_a_graph_takes_no_mark() -> None:
    with torch.no_grad():
        assert mark_graph(nn.Linear(2, 1)(torch.ones(3, 2))) is None
