"""Module spies: forwards of root modules are beats, what happens inside them is not."""

from __future__ import annotations

import pytest

from sandbox import trace
from tests.sandbox.watching import watch


def test_only_the_outermost_module_is_a_forward() -> None:
    seen = watch("""
        deep = nn.Sequential(nn.Sequential(nn.Linear(1, 4), nn.ReLU()), nn.Linear(4, 1))
        deep(x); deep(x)
    """)
    assert seen.counts == {"F": 2}
    module = seen.one(trace.Module)
    assert (module.cls, len(module.params), module.given) == ("Sequential", 4, False)
    shapes = {param.id: param.shape for param in seen.of(trace.Param)}
    assert [shapes[number] for number in module.params] == [[4, 1], [4], [1, 4], [1]]


def test_a_forward_without_gradients_is_another_beat() -> None:
    seen = watch("""
        with torch.no_grad(): model(x)
        with torch.inference_mode(): model(x)
        model(x)
    """)
    assert seen.counts == {"f": 2, "F": 1}


def test_a_module_without_parameters_is_no_forward() -> None:
    assert watch("nn.Flatten()(x); nn.Softmax(1)(x); nn.ReLU()(x)").counts == {}


def test_the_row_of_a_forward_holds_rows_mode_and_fingerprint() -> None:
    seen = watch("""
        model(x).sum().backward()
        model(x[:5]); model.eval(); model(x[:5]); model(x[5:10])
    """)
    rows = seen.rows("F")
    assert [(row.rows, row.flags) for row in rows] == [(24, "t"), (5, "t"), (5, "e"), (5, "e")]
    assert rows[1].text == rows[2].text != rows[3].text


def test_a_forward_that_raises_leaves_the_next_one_a_root() -> None:
    seen = watch("""
        try: nn.Sequential(nn.Linear(1, 1))(torch.ones(1, 7))
        except RuntimeError: pass
        model(x)
    """)
    assert seen.counts == {"F": 2}


@pytest.mark.parametrize(
    "code",
    [
        "model.forward(x)",
        "torch.func.functional_call(model, dict(model.named_parameters()), (x,))",
        "torch.func.vmap(model)(x)",
        "torch.func.grad(lambda w: torch.func.functional_call(model, {'weight': w}, (x,)).sum())(model.weight)",
        "nn.LSTM(1, 2)(x)",
        "nn.Embedding(3, 2)(torch.tensor([0, 1]))",
        "nn.Linear(1, 1, device='meta')(torch.ones(1, 1, device='meta'))",
        "model(torch.ones(0, 1))",
        "nn.Bilinear(1, 1, 1)(x, x)",
        "model(input=x)",
    ],
)
def test_unusual_calls_do_not_disturb_the_spies(code: str) -> None:
    assert watch(code).one(trace.End).finished


def test_many_modules_stay_bounded() -> None:
    seen = watch("for index in range(300): nn.Linear(1, 1)(x)")
    assert len(seen.of(trace.Module)) == 64
