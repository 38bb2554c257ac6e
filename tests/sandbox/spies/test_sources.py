"""The source spy: where training rows came from, and the affine map from raw rows to a module's outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sandbox import trace
from sandbox.results import FIT_RESIDUAL
from sandbox.spies.sources import arrange, fit
from tests.sandbox.watching import Seen, line_of, watch

RANDOM = np.random.default_rng(3)
RAW = {name: RANDOM.integers(0, 256, (60, 64), dtype=np.uint8) for name in ("train", "held-out")}
SHAPES = [[10, 64], [10]]
SETUP = """\
    import torch
    from torch import nn
    torch.manual_seed(0)
    train, held_out = (torch.from_numpy(raw[name]).float() / 255 for name in ("train", "held-out"))
    model = nn.Linear(64, 10)
    labels = torch.arange(60) % 10
"""


def run(loop: str) -> Seen:
    return watch(loop, setup=SETUP, sources=RAW, shapes=SHAPES, raw=RAW)


@pytest.mark.parametrize(
    ("loop", "scale", "shift", "form"),
    [
        ("model(train).sum().backward()", 1.0, 0.0, "logits"),
        ("model((train - 0.1307) / 0.3081).sum().backward()", 1 / 0.3081, -0.1307 / 0.3081, "logits"),
        ("model(train * 255).sum().backward()", 255.0, 0.0, "logits"),
        ("model(1 - train).sum().backward()", -1.0, 1.0, "logits"),
        ("model(train[torch.randperm(60)]).sum().backward()", 1.0, 0.0, "logits"),
        ("nn.Sequential(nn.Flatten(), model)(train.view(60, 1, 8, 8)).sum().backward()", 1.0, 0.0, "logits"),
        ("nn.Sequential(model, nn.LogSoftmax(1))(train).sum().backward()", 1.0, 0.0, "log_softmax"),
        ("nn.Sequential(model, nn.Softmax(1))(train * 2 - 1).max().backward()", 2.0, -1.0, "softmax"),
    ],
)
def test_scale_and_shift_are_recovered_however_the_input_is_prepared(
    loop: str, scale: float, shift: float, form: str
) -> None:
    graded = run(loop).one(trace.Graded)
    assert graded.reason == ""
    assert graded.scale == pytest.approx(scale, abs=1e-3)
    assert graded.shift == pytest.approx(shift, abs=1e-3)
    assert graded.residual <= FIT_RESIDUAL
    assert graded.form == form


def test_normalising_inside_the_model_is_recovered_from_its_outputs() -> None:
    graded = run("""
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(64, 10)
            def forward(self, x):
                return torch.log_softmax(self.layer((x - 0.5) / 0.25), 1)
        Net()(train * 2).sum().backward()
    """).one(trace.Graded)
    assert graded.reason == ""
    assert graded.scale == pytest.approx(8, abs=1e-2)
    assert graded.shift == pytest.approx(-2, abs=1e-2)
    assert graded.form == "log_softmax"


@pytest.mark.parametrize(
    "prepared",
    [
        "train + 0.3 * torch.randn(60, 64)",
        "train.roll(3, dims=1)",
        "train * torch.linspace(0.2, 3, 64)",
        "train ** 3",
        "torch.rand(60, 64)",
    ],
)
def test_anything_but_one_scale_and_shift_is_refused(prepared: str) -> None:
    graded = run(f"model({prepared}).sum().backward()").one(trace.Graded)
    assert graded.reason


@pytest.mark.parametrize("after", ["nn.ReLU()", "nn.Sigmoid()", "nn.Dropout(0.5)"])
def test_outputs_that_are_not_those_of_the_layer_are_refused(after: str) -> None:
    graded = run(f"nn.Sequential(model, {after})(train).sum().backward()").one(trace.Graded)
    assert "outputs are not those" in graded.reason


def test_rows_are_counted_by_where_they_came_from() -> None:
    loop = "model(torch.cat([train[:4], held_out[:4], torch.rand(4, 64)])).sum().backward()\n"
    origin = run(loop).one(trace.Origin)
    assert origin.rows == {"train": 4, "held-out": 4, "unknown": 4}
    assert origin.line == line_of("torch.cat", loop, SETUP)


def test_a_forward_that_is_not_differentiated_has_no_origin() -> None:
    seen = run("""
        model(held_out)
        with torch.no_grad(): model(held_out)
        model(train).sum().backward()
    """)
    assert [origin.rows for origin in seen.of(trace.Origin)] == [{"train": 12}]


def test_looks_grow_rare() -> None:
    seen = run("for step in range(300): model(train[:8]).sum().backward()")
    assert 3 < len(seen.of(trace.Origin)) <= 24
    looks = [origin.rows for origin in seen.of(trace.Origin)]
    assert looks[0] == {"train": 8}
    assert looks[-1] == {"train": 4}


def test_rows_too_narrow_to_tell_apart_are_not_looked_at() -> None:
    narrow = {"train": np.zeros((60, 1), dtype=np.float32)}
    seen = watch("model(x).sum().backward()", sources=narrow)
    assert seen.of(trace.Origin) == []


# ── the fit itself ───────────────────────────────────────────────────────────────────────────────


def layer() -> tuple[list[torch.Tensor], torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    state = [torch.randn(10, 64, generator=generator), torch.randn(10, generator=generator)]
    return state, torch.rand(12, 64, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("scale", [0.01, 1.0, 3.25, -2.0])
@pytest.mark.parametrize("shift", [0.0, -0.42])
@pytest.mark.parametrize("form", ["logits", "log_softmax", "softmax"])
def test_a_map_is_fitted_to_ten_digits(scale: float, shift: float, form: str) -> None:
    (weight, bias), raw = layer()
    outputs = (scale * raw + shift) @ weight.double().T * 0.1 + bias.double()
    change: dict[str, Any] = {"log_softmax": torch.log_softmax, "softmax": torch.softmax}
    if form in change:
        outputs = change[form](outputs, 1)
    found = fit(raw, outputs, [weight * 0.1, bias])
    assert found is not None
    assert found.form == form
    assert found.scale == pytest.approx(scale, rel=1e-6)
    assert found.shift == pytest.approx(shift, abs=1e-5)
    assert found.residual < 1e-6


def test_what_is_no_linear_layer_is_not_fitted() -> None:
    (weight, bias), raw = layer()
    outputs = raw @ weight.double().T
    assert fit(raw, outputs, [weight]) is None
    assert fit(raw, outputs, [weight, bias, bias]) is None
    assert fit(raw, outputs, [bias, bias]) is None
    assert fit(raw, outputs[:, :3], [weight, bias]) is None
    assert fit(raw, outputs * torch.nan, [weight, bias]) is None
    assert fit(raw, outputs, [weight * torch.inf, bias]) is None


def test_tensors_are_arranged_by_shape_each_used_once() -> None:
    first, second, third = torch.zeros(2, 3), torch.zeros(2), torch.ones(2)
    assert [id(tensor) for tensor in arrange([second, first, third], [[2, 3], [2], [2]])] == [
        id(first),
        id(second),
        id(third),
    ]
    assert arrange([first, second], [[2, 3]]) == []
    assert arrange([first], [[2, 3], [2]]) == []
    assert arrange([first, second], [[3, 2], [2]]) == []
