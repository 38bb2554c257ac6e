"""What a run leaves: hashes, weights, what a function returned, and which module is graded."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from sandbox import results, trace
from sandbox.spies.recorder import Recorder
from tests.sandbox.watching import watch

SETUP = """\
    import torch
    from torch import nn
    from torch.nn import functional as F
    x, labels = torch.rand(16, 20), torch.arange(16) % 10
    def fit(net, steps=3):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for step in range(steps):
            optimizer.zero_grad(); F.cross_entropy(net(x), labels).backward(); optimizer.step()
"""
SHAPES = [[10, 20], [10]]


def graded(loop: str) -> tuple[trace.Graded, list[trace.Module]]:
    seen = watch(loop, setup=SETUP, shapes=SHAPES)
    return seen.one(trace.Graded), seen.of(trace.Module)


def test_a_digest_is_over_all_bytes_of_the_parameters_in_order() -> None:
    layer = nn.Linear(2, 2)
    raw = b"".join(tensor.detach().numpy().tobytes() for tensor in layer.parameters())
    assert results.digest(layer) == hashlib.sha256(raw).hexdigest()
    before = results.digest(layer)
    with torch.no_grad():
        layer.bias[1] = torch.nextafter(layer.bias[1], torch.tensor(math.inf))
    assert results.digest(layer) != before


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_every_precision_has_a_digest(dtype: torch.dtype) -> None:
    assert len(results.digest(nn.Linear(3, 2).to(dtype))) == 64


def test_weights_come_back_by_number_and_half_precisions_are_widened() -> None:
    state = [
        torch.rand(3, 2),
        torch.rand(2, dtype=torch.float64),
        torch.ones(2, dtype=torch.bfloat16),
        torch.rand(4)[::2],
    ]
    loaded = safetensors.torch.load(results.to_safetensors(state))
    assert [loaded[str(number)].dtype for number in range(4)] == [
        torch.float32,
        torch.float64,
        torch.float32,
        torch.float32,
    ]
    assert all(
        torch.equal(loaded[str(number)], tensor.to(loaded[str(number)].dtype))
        for number, tensor in enumerate(state)
    )


def test_weights_that_share_memory_are_all_written() -> None:
    shared = torch.rand(2, 2, requires_grad=True)
    loaded = safetensors.torch.load(results.to_safetensors([shared, shared.T]))
    assert torch.equal(loaded["1"], shared.detach().T)


@pytest.mark.parametrize(
    ("value", "kind", "length", "numbers"),
    [
        (None, "NoneType", -1, []),
        (3.5, "float", -1, []),
        ([1, 2.5, True], "list", 3, [1.0, 2.5, 1.0]),
        ((), "tuple", 0, []),
        ([torch.tensor(2.0), np.float32(0.5)], "list", 2, [2.0, 0.5]),
        (torch.tensor([1.0, 2.0], requires_grad=True), "Tensor", 2, [1.0, 2.0]),
        (torch.ones(2, 2), "Tensor", -1, []),
        ({"a": 1}, "dict", -1, []),
        (["x", None, [1]], "list", 3, [math.nan] * 3),
        ([torch.ones(2)], "list", 1, [math.nan]),
        ([math.inf], "list", 1, [math.inf]),
    ],
)
def test_what_a_function_returned_is_read_as_far_as_it_is_numbers(
    value: Any, kind: str, length: int, numbers: list[float]
) -> None:
    record = results.returned(value)
    assert (record.type, record.length) == (kind, length)
    assert repr(record.numbers) == repr(numbers)


def test_a_long_list_is_cut_and_keeps_its_true_length() -> None:
    record = results.returned([0.0] * 10_000)
    assert (record.length, len(record.numbers)) == (10_000, results.MAX_NUMBERS)


# ── which module ─────────────────────────────────────────────────────────────────────────────────


def test_nothing_seen_is_said() -> None:
    record, _ = graded("pass")
    assert record.reason.startswith("no module was seen")
    assert record.module == -1


def test_the_last_one_stepped_is_graded() -> None:
    record, modules = graded(
        "first, second = nn.Linear(20, 10), nn.Linear(20, 10)\nfit(second); fit(first); second(x)"
    )
    assert record.module == modules[1].id


def test_two_stepped_together_are_told_apart_by_the_name_model() -> None:
    both = """
        model, other = nn.Linear(20, 10), nn.Linear(20, 10)
        optimizer = torch.optim.SGD([*model.parameters(), *other.parameters()], lr=0.1)
        for step in range(3):
            optimizer.zero_grad()
            F.cross_entropy(other(x), labels).backward(); F.cross_entropy(model(x), labels).backward()
            optimizer.step()
    """
    record, modules = graded(both)
    assert record.module == modules[1].id
    record, _ = graded(both.replace("model", "mine"))
    assert record.reason.startswith("several modules were trained")


def test_a_wrapper_and_its_layer_are_the_same_candidate() -> None:
    record, _ = graded("""
        layer = nn.Linear(20, 10)
        wrapped = nn.Sequential(nn.Flatten(), layer)
        fit(wrapped); fit(layer)
    """)
    assert not record.reason.startswith("several")


def test_an_architecture_of_ones_own_is_named_by_its_shapes() -> None:
    record, _ = graded("fit(nn.Sequential(nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 10)))")
    assert record.reason == (
        "its parameters have the shapes [[8, 20], [8], [10, 8], [10]], not [[10, 20], [10]]"
    )
    assert record.shapes == []


def test_modules_with_another_number_of_outputs_are_no_candidates() -> None:
    record, _ = graded("nn.Linear(20, 7)(x)\nnn.Linear(20, 10)(x[0])")
    assert record.reason.startswith("no module was seen")


def test_hashes_follow_the_early_steps_and_then_powers_of_two() -> None:
    seen = watch("fit(nn.Linear(20, 10), 70)", setup=SETUP, shapes=SHAPES)
    assert [item.step for item in seen.of(trace.Hash)] == [0, *range(1, 9), 16, 32, 64, 70]
    assert seen.one(trace.End).moved


def test_weights_that_never_change_have_not_moved() -> None:
    seen = watch(
        "net = nn.Linear(20, 10)\nfor _ in range(3): F.cross_entropy(net(x), labels).backward()",
        setup=SETUP,
        shapes=SHAPES,
    )
    assert not seen.one(trace.End).moved


def test_a_returned_module_of_the_same_shapes_counts_and_no_other_does() -> None:
    given = nn.Sequential(nn.Linear(20, 10))
    for value, counts in (
        (nn.Linear(20, 10), True),
        (nn.Linear(20, 9), False),
        (given, False),
        (None, False),
    ):
        sent: list[bytes] = []
        recorder = Recorder(trace.Writer(sent.append), "loop.py")
        kept = results.Results(recorder, SHAPES, given, None)
        kept.handed_back(value)
        weights, moved = kept.finish({})
        expected = value if counts else given
        assert isinstance(expected, nn.Module)
        assert weights == results.to_safetensors(list(expected.parameters()))
        assert not moved
