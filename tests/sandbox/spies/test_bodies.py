"""What a forward of the file's own does is told by its first call: operations and operands, and changes no number."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
import torch

from sandbox import trace
from sandbox.spies import bodies
from tests.sandbox.watching import Script, Seen, watch

SETUP = """\
    import torch
    from torch import nn
    from torch.nn import functional as F
    torch.manual_seed(3)
    x = torch.linspace(-1, 1, 12).reshape(6, 2)
"""
NOTHING: dict[str, Any] = {"m": {}}
X: dict[str, Any] = {"r": ["i", 0]}


def value(place: int) -> dict[str, Any]:
    return {"r": ["v", place]}


def run(
    forward: str, *, init: str = "self.inner = nn.Linear(2, 3)", call: str = "model(x)", **more: Any
) -> Seen:
    """Call a module of the file's own whose forward says this."""
    net = f"class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        {init}\n"
    body = textwrap.indent(textwrap.dedent(forward), "        ")
    seen = watch(
        f"{net}    def forward(self, x):\n{body}\nmodel = Net()\noutput = {call}\n",
        setup=SETUP,
        shapes=[[3, 2], [3]],
        script=Script(),
        **more,
    )
    assert not seen.of(trace.Failure), seen.of(trace.Failure)[0].text
    return seen


def body_of(forward: str, **more: Any) -> trace.Body:
    return run(forward, **more).one(trace.Body)


def why(seen: Seen) -> list[str]:
    """Why forwards could not be told."""
    return [op[2] for script in seen.of(trace.Script) for op in script.ops if op[0] == "?"]


@pytest.mark.parametrize(
    ("forward", "ops", "result"),
    [
        ("return self.inner(x)", [["m", "inner", [["i", 0]], 1]], ["v", 0]),
        (
            "return torch.relu(self.inner(x))",
            [["m", "inner", [["i", 0]], 1], ["=", "torch.relu", [value(0)], NOTHING, 1]],
            ["v", 1],
        ),
        ("return x", [], ["i", 0]),
        (
            "return F.linear(x, self.inner.weight, self.inner.bias)",
            [["=", "torch.nn.functional.linear", [X, {"r": ["p", 0]}, {"r": ["p", 1]}], NOTHING, 1]],
            ["v", 0],
        ),
        (
            "return x.sum(dim=1, keepdim=True) * 0.5",
            [
                ["=", "torch.Tensor.sum", [X], {"m": {"dim": 1, "keepdim": True}}, 1],
                ["=", "torch.Tensor.mul", [value(0), 0.5], NOTHING, 1],
            ],
            ["v", 1],
        ),
        (
            "a, b = x.chunk(2, 1)\nreturn a, b",
            [["=", "torch.Tensor.chunk", [X, 2, 1], NOTHING, 2]],
            [["v", 0], ["v", 1]],
        ),
        (
            "return x[:, 1:]",
            [
                [
                    "=",
                    "torch.Tensor.__getitem__",
                    [X, {"i": [{"s": [None, None, None]}, {"s": [1, None, None]}]}],
                    NOTHING,
                    1,
                ]
            ],
            ["v", 0],
        ),
        (
            "with torch.no_grad():\n    y = self.inner(x)\n    y = y + 1\nreturn self.inner(x) + y",
            [
                ["e", "inner", [["i", 0]], 1],
                ["~", "torch.Tensor.add", [value(0), 1], NOTHING, 1],
                ["m", "inner", [["i", 0]], 1],
                ["=", "torch.Tensor.add", [value(2), value(1)], NOTHING, 1],
            ],
            ["v", 3],
        ),
        (
            "return self.inner(x + torch.ones(2))",
            [
                ["=", "torch.ones", [2], NOTHING, 1],
                ["=", "torch.Tensor.add", [X, value(0)], NOTHING, 1],
                ["m", "inner", [["v", 1]], 1],
            ],
            ["v", 2],
        ),
    ],
)
def test_operations_are_told_in_order(forward: str, ops: list[Any], result: list[Any]) -> None:
    body = body_of(forward)
    assert body.ops == ops
    assert body.result == result


def test_layers_in_layers_are_called_as_a_whole_by_their_paths() -> None:
    body = body_of(
        "return self.inner(x)", init="self.inner = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3))"
    )
    assert [op[:3] for op in body.ops] == [
        ["m", "inner.0", [["i", 0]]],
        ["m", "inner.1", [["v", 0]]],
        ["m", "inner.2", [["v", 1]]],
    ]


def test_modules_of_the_file_s_own_in_it_are_told_by_what_they_do() -> None:
    own = "type('Halved', (nn.Module,), {'forward': lambda self, x: x / 2})()"
    body = body_of(
        "return self.halved(self.inner(x))", init=f"self.inner, self.halved = nn.Linear(2, 3), {own}"
    )
    assert body.ops == [
        ["m", "inner", [["i", 0]], 1],
        ["=", "torch.Tensor.div", [value(0), 2], NOTHING, 1],
    ]


def test_what_works_in_place_is_spoken_of_as_what_it_gave() -> None:
    """A replay's layer gives a new tensor, and the old one is as it was."""
    body = body_of(
        "x = self.relu(self.inner(x))\nreturn x + 1",
        init="self.inner, self.relu = nn.Linear(2, 3), nn.ReLU(inplace=True)",
    )
    assert body.ops == [
        ["m", "inner", [["i", 0]], 1],
        ["m", "relu", [["v", 0]], 1],
        ["=", "torch.Tensor.add", [value(1), 1], NOTHING, 1],
    ]


def test_buffers_of_layers_are_told_by_their_place() -> None:
    init = "self.inner = nn.BatchNorm1d(2)"
    body = body_of("return self.inner(x) + self.inner.running_var", init=init)
    assert body.ops[-1] == ["=", "torch.Tensor.add", [value(0), {"r": ["u", 1]}], NOTHING, 1]


@pytest.mark.parametrize(
    ("forward", "reason"),
    [
        ("return {'logits': self.inner(x)}", "an output"),
        ("return None", "an output"),
        ("return self.inner(x), 3", "an output"),
        ("return self.inner(input=x)", "a layer is called on what is no tensor of the module's"),
        ("return self.inner(table)", "a layer is called on what is no tensor of the module's"),
        (
            "with torch.autocast('cpu', dtype=torch.bfloat16):\n    return self.inner(x)",
            "a forward that changes its precision",
        ),
        ("for _ in range(300):\n    x = x + 1\nreturn x", "a forward of too many operations"),
    ],
)
def test_what_cannot_be_told_says_why(forward: str, reason: str) -> None:
    seen = run(forward, table=torch.ones(6, 2))
    assert why(seen) == [reason]
    assert seen.of(trace.Body) == []


def test_a_tensor_from_elsewhere_is_named_as_one() -> None:
    body = body_of("return self.inner(x) + table", table=torch.ones(6, 3))
    assert body.ops[-1] == ["=", "torch.Tensor.add", [value(0), {"?": "a tensor"}], NOTHING, 1]


def test_as_many_operations_as_may_be_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_OPS", 3)
    assert len(body_of("return x + 1 + 1 + 1").ops) == 3
    assert why(run("return x + 1 + 1 + 1 + 1")) == ["a forward of too many operations"]


@pytest.mark.parametrize("call", ["model(x)", "torch.no_grad()(model)(x)"])
def test_listening_changes_no_number(call: str) -> None:
    forward = "return F.dropout(self.inner(x), 0.5) * torch.rand(3)"
    torch.manual_seed(3)
    heard = run(forward, call=call).names["output"]
    torch.manual_seed(3)
    names: dict[str, Any] = {}
    plain = watch_nothing(forward, call, names)
    assert torch.equal(heard, plain)


def watch_nothing(forward: str, call: str, names: dict[str, Any]) -> torch.Tensor:
    """The same without any spy."""
    code = textwrap.dedent(SETUP) + textwrap.dedent(f"""
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = nn.Linear(2, 3)
            def forward(self, x):
                {forward}
        model = Net()
        output = {call}
    """)
    exec(code, names)
    output: torch.Tensor = names["output"]
    return output


def test_an_error_in_a_forward_is_the_file_s_own() -> None:
    with pytest.raises(ZeroDivisionError):
        run("return self.inner(x) / (1 / 0)")
    assert run("return self.inner(x)").of(trace.Body)
