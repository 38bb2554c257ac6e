"""Whatever is claimed of a script's own model, it is made of what is listed, or refused."""

from __future__ import annotations

import base64
import builtins
import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import TensorDataset

from grader.examiner.machine import Machine
from grader.examiner.modules import MAX_CHILDREN, MAX_DEPTH, MAX_OPS, first_value
from grader.examiner.things import Cannot, Contradiction, Things, TooLong
from sandbox import trace, vision
from sandbox.layers import SETTINGS
from sandbox.spies import install
from sandbox.spies.making import Making
from sandbox.spies.recorder import Recorder

vision.prepare()
REFUSED = (Cannot, Contradiction, TooLong)
NOTHING: dict[str, Any] = {"m": {}}
X = torch.linspace(-1, 1, 24).reshape(12, 2)
Y = X.sum(1, keepdim=True)
Tree = dict[str, Any]


def initial(number: int, value: torch.Tensor, **changes: Any) -> trace.Initial:
    fields: dict[str, Any] = {
        "id": number,
        "shape": list(value.shape),
        "dtype": str(value.dtype).removeprefix("torch."),
        "grad": True,
        "data": base64.b64encode(value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()).decode(),
    }
    return trace.Initial(**{**fields, **changes})


VALUES = [torch.tensor([[0.5, -0.25]]), torch.tensor([0.125]), torch.tensor([2.0, 3.0])]
LINEAR = {
    "c": "Linear",
    "s": {"in_features": 2, "out_features": 1, "bias": True},
    "k": {},
    "p": {"weight": 0, "bias": 1},
}
SEQUENTIAL = {"c": "Sequential", "s": {}, "k": {"0": LINEAR}, "p": {}}
OWN = {"c": "* Net", "s": {}, "k": {"inner": LINEAR}, "p": {"scale": 2}}
NORM = {"num_features": 2, "eps": 1e-5, "momentum": 1.0, "affine": False, "track_running_stats": True}


class ScriptBench:
    """An exercise that hands in nothing but data, under spies."""

    def __init__(self, bodies: list[trace.Body]) -> None:
        self.recorder = Recorder(trace.Writer(lambda _: None), "loop.py")
        self.spies = install(self.recorder)
        self.recorder.making = Making(self.recorder, lambda _: None, [X, Y])
        self.recorder.registry.given = False
        self.things = Things(self.spies, None, {}, traced=True)
        records = [initial(number, value) for number, value in enumerate(VALUES)]
        self.things.initial = {
            number: (lambda record=record: first_value(record)) for number, record in enumerate(records)
        }
        self.things.bodies = {body.id: body for body in bodies}
        self.things.sources = [X.clone(), Y.clone()]
        self.things.datasets = self.dataset
        self.cut = False

    def dataset(self, name: str, transform: Any) -> TensorDataset:
        return {"train": TensorDataset(X, Y)}[name]

    def run(self, *ops: Any, seconds: float = 20.0) -> Machine:
        machine = Machine(
            self.things, {0: list(ops)}, (), (), lambda *_: None, lambda *_: None, time.monotonic() + seconds
        )
        machine.cut = self.cut
        machine.run([[0, 1]])
        return machine

    @property
    def weights(self) -> list[list[float]]:
        return [parameter.detach().flatten().tolist() for parameter in self.things.parameters()]


@contextlib.contextmanager
def benched(*bodies: trace.Body) -> Iterator[ScriptBench]:
    state = torch.get_rng_state()
    made = ScriptBench(list(bodies))
    try:
        yield made
    finally:
        made.spies.remove()
        torch.set_rng_state(state)


@pytest.fixture
def bench() -> Iterator[ScriptBench]:
    with benched() as made:
        yield made


LOADER = [["M", 0, ["t", [["s", 0, 0, None], ["s", 1, 0, None]]], 4, False, False, -1], ["I", 0], ["D", 0, 0]]
FORWARD = ["F", 0, "t", [["b", 0, 0, None]]]
LEARN = [
    ["L", "mse_loss", [["f", 0, 0, None], ["b", 0, 1, None]], {"reduction": "mean"}],
    ["B", ["L", 0], "none", False],
    ["O", "SGD", [[[0, 1], {"lr": 0.5}]]],
    ["S", -2],
]


def body(*ops: Any, result: Any = ("v", 0), number: int = 0) -> trace.Body:
    return trace.Body(id=number, ops=list(ops), result=list(result) if isinstance(result, tuple) else result)


def learned(model: nn.Module) -> list[list[float]]:
    """What torch makes of one step on the first four rows."""
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), VALUES, strict=False):
            parameter.copy_(value)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    torch.autograd.backward(nn.functional.mse_loss(model(X[:4]), Y[:4]))
    optimizer.step()
    return [parameter.detach().flatten().tolist() for parameter in model.parameters()]


# ── what is right is done ────────────────────────────────────────────────────────────────────────


def test_a_model_of_layers_learns_as_torch_s_does(bench: ScriptBench) -> None:
    bench.run(*LOADER, ["P", 0, SEQUENTIAL], FORWARD, *LEARN)
    assert bench.recorder.steps == 1
    assert bench.weights == learned(nn.Sequential(nn.Linear(2, 1)))
    assert bench.weights[0] != VALUES[0].flatten().tolist()


def test_a_model_of_its_own_does_what_its_body_says() -> None:
    told = body(
        ["m", "inner", [["i", 0]], 1],
        ["=", "torch.Tensor.mul", [{"r": ["v", 0]}, {"r": ["p", 2]}], NOTHING, 1],
        ["~", "torch.Tensor.sum", [{"r": ["v", 1]}], {"m": {"dim": 1, "keepdim": True}}, 1],
        result=["v", 2],
    )
    with benched(told) as bench:
        bench.run(
            *LOADER,
            ["P", 0, OWN],
            ["V", 0, 0],
            FORWARD,
            ["=", "torch.clone", [{"r": ["f", 0, 0, None]}], NOTHING, 1],
        )
        module = bench.things.module(0)
        assert type(module).__name__ == "Net"
        wanted = (X[:4] @ VALUES[0].T + VALUES[1]) * VALUES[2]
        given_back = module(X[:4])
        assert torch.equal(given_back, wanted.sum(1, keepdim=True))
        assert not given_back.requires_grad


def test_a_forward_of_several_outputs_gives_all(bench: ScriptBench) -> None:
    told = body(["=", "torch.Tensor.chunk", [{"r": ["i", 0]}, 2, 1], NOTHING, 2], result=[["v", 0], ["v", 1]])
    with benched(told) as bench:
        bench.run(
            *LOADER,
            ["P", 0, OWN],
            ["V", 0, 0],
            FORWARD,
            ["=", "torch.sub", [{"r": ["f", 0, place, None]} for place in (0, 1)], NOTHING, 1],
        )
        one, other = bench.things.module(0)(X[:4])
        assert torch.equal(torch.cat([one, other], 1), X[:4])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("grad", [True, False])
def test_first_values_come_back_byte_by_byte(dtype: str, grad: bool) -> None:
    value = torch.randn(3, 4).to(getattr(torch, dtype))
    made = first_value(initial(0, value, grad=grad))
    assert torch.equal(made.detach(), value)
    assert (made.requires_grad, made.dtype) == (grad, value.dtype)
    assert first_value(initial(0, torch.empty(0, 3))).shape == (0, 3)


def test_shared_parameters_are_one(bench: ScriptBench) -> None:
    shared = {"c": "Sequential", "s": {}, "k": {"0": LINEAR, "1": {**LINEAR, "s": {**LINEAR["s"]}}}, "p": {}}
    bench.run(["P", 0, shared])
    module = bench.things.module(0)
    assert module[0].weight is module[1].weight  # type: ignore[index]
    assert len(list(module.parameters())) == 2


def test_parameters_get_their_numbers_in_whatever_order_they_are_asked_for(bench: ScriptBench) -> None:
    bench.run(["O", "SGD", [[[2], {"lr": 0.1}]]], ["P", 0, LINEAR])
    find = bench.recorder.registry.find
    assert [find(parameter) for parameter in bench.things.parameters()] == [0, 1, 2]


def test_a_generator_is_put_where_it_stood(bench: ScriptBench) -> None:
    torch.manual_seed(5)
    torch.rand(700)
    wanted = torch.rand(3)
    bench.run(["N", 5, 700], ["=", "torch.clone", [{"r": ["s", 0, 0, None]}], NOTHING, 1])
    assert torch.equal(torch.rand(3), wanted)
    bench.run(["N", 5])
    assert torch.initial_seed() == 5


def test_a_data_set_of_the_exercise_s_is_read_through_a_transform(bench: ScriptBench) -> None:
    bench.run(
        ["M", 0, ["x", "train", [["v1.ToTensor", {}]]], 4, False, False, -1],
        ["I", 0],
        ["D", 0, 0],
        ["P", 0, LINEAR],
        FORWARD,
        *LEARN,
    )
    assert bench.recorder.steps == 1


def test_cut_off_no_gradient_passes_what_a_forward_gave(bench: ScriptBench) -> None:
    bench.cut = True
    bench.run(*LOADER, ["P", 0, SEQUENTIAL], FORWARD, *LEARN)
    assert bench.weights == [value.flatten().tolist() for value in VALUES[:2]]
    assert bench.recorder.steps == 1
    by_hand = ["=", "torch.Tensor.sum", [{"r": ["p", 0, 0, None]}], NOTHING, 1]
    bench.run(by_hand, ["B", ["v", 0, 0, None], "none", False], ["S", -2])
    assert bench.weights[0] == [0.0, -0.75]  # this gradient came past no forward


# ── what is wrong is refused ─────────────────────────────────────────────────────────────────────

NAN, HUGE = float("nan"), 10**400


def linear(**changes: Any) -> Tree:
    return {**LINEAR, **changes}


def layer(name: str, settings: Any, **parameters: int) -> Tree:
    return {"c": name, "s": settings, "k": {}, "p": parameters}


def nested(depth: int) -> Tree:
    tree: Tree = LINEAR
    for _ in range(depth):
        tree = {"c": "Sequential", "s": {}, "k": {"0": tree}, "p": {}}
    return tree


itself: Tree = {"c": "Sequential", "s": {}, "k": {}, "p": {}}
itself["k"]["0"] = itself

TREES: dict[str, Any] = {
    "nothing": None,
    "a word": "Linear",
    "a list": ["Linear"],
    "an empty object": {},
    "no settings": {"c": "Linear", "k": {}, "p": {}},
    "a class that is not listed": layer("LSTM", {}),
    "a class that is no layer": layer("Module", {}),
    "a function": layer("functional.relu", {}),
    "a dotted name": layer("modules.linear.Linear", {}),
    "an attribute": layer("__class__", {}),
    "the builtins": layer("__builtins__", {}),
    "a loader of files": layer("load", {}),
    "a name of no letters": layer("", {}),
    "a name that is none": layer(3, {}),  # type: ignore[arg-type]
    "a huge layer": layer(
        "Linear", {"in_features": 1 << 20, "out_features": 1 << 20, "bias": True}, weight=0, bias=1
    ),
    "a layer of a size beyond all": layer(
        "Linear", {"in_features": HUGE, "out_features": 1}, weight=0, bias=1
    ),
    "a layer below nothing": layer("Linear", {"in_features": -2, "out_features": 1}, weight=0, bias=1),
    "huge kernels": layer(
        "Conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": [9999, 9999]}, weight=0
    ),
    "a huge table": layer("Embedding", {"num_embeddings": 1 << 30, "embedding_dim": 64}, weight=0),
    "a huge norm": layer("LayerNorm", {"normalized_shape": [1 << 13] * 4}),
    "sizes that are words": layer("Linear", {"in_features": "2", "out_features": "1"}, weight=0, bias=1),
    "sizes that are fractions": layer("Linear", {"in_features": 2.0, "out_features": 1.5}, weight=0, bias=1),
    "sizes that are lists": layer("Linear", {"in_features": [2], "out_features": [[1]]}, weight=0, bias=1),
    "sizes that are missing": layer("Linear", {}, weight=0, bias=1),
    "settings that are none": layer("Linear", None, weight=0, bias=1),
    "settings in a list": layer("Linear", [2, 1], weight=0, bias=1),
    "dropout beyond all": layer("Dropout", {"p": 2.0}),
    "dropout of nothing": layer("Dropout", {"p": "__import__('os')"}),
    "no parameters": linear(p={}),
    "a missing parameter": linear(p={"weight": 0}),
    "parameters of wrong shapes": linear(p={"weight": 1, "bias": 0}),
    "one parameter for two": linear(p={"weight": 0, "bias": 0}),
    "a parameter too many": linear(p={"weight": 0, "bias": 1, "more": 2}),
    "a parameter that was not told": linear(p={"weight": 0, "bias": 99}),
    "a parameter below nothing": linear(p={"weight": 0, "bias": -1}),
    "a parameter that is none": linear(p={"weight": 0, "bias": None}),
    "a parameter that is true": linear(p={"weight": 0, "bias": True}),
    "a parameter for no bias": linear(s={**LINEAR["s"], "bias": False}),  # type: ignore[dict-item]
    "a parameter for a norm's statistics": layer("BatchNorm1d", NORM, running_mean=2),
    "a parameter in a layer of none": layer("ReLU", {}, weight=0),
    "a parameter of a container": {**SEQUENTIAL, "p": {"weight": 0}},
    "a parameter by a dotted name": {**OWN, "p": {"inner.weight": 0}},
    "a parameter by no name": {**OWN, "p": {"": 0}},
    "a parameter over a method": {**OWN, "p": {"forward": 0}},
    "a parameter over the class": {**OWN, "p": {"__class__": 0}},
    "a parameter over the dictionary": {**OWN, "p": {"__dict__": 0}},
    "a child by a dotted name": {**OWN, "k": {"a.b": LINEAR}},
    "a child over a method": {**OWN, "k": {"forward": LINEAR}},
    "a child over the class": {**OWN, "k": {"__class__": LINEAR}},
    "a child over the children": {**OWN, "k": {"_modules": LINEAR}},
    "a child over the parameters": {**OWN, "k": {"_parameters": LINEAR}},
    "a child over the body": {**OWN, "k": {"body": LINEAR}},
    "a child over the mode": {**OWN, "k": {"training": LINEAR}},
    "a child by a parameter's name": linear(k={"weight": layer("ReLU", {})}),
    "a child that is none": {**OWN, "k": {"inner": None}},
    "children in a list": {**OWN, "k": [LINEAR]},
    "too many children": {**OWN, "k": {str(number): layer("ReLU", {}) for number in range(MAX_CHILDREN + 1)}},
    "nested too deeply": nested(MAX_DEPTH),
    "in itself": itself,
}


@pytest.mark.parametrize("name", TREES)
def test_a_tree_that_is_no_model_is_refused(bench: ScriptBench, name: str) -> None:
    with pytest.raises((Cannot, Contradiction)):
        bench.run(["P", 0, TREES[name]])


def test_a_tree_as_deep_as_may_be_is_made(bench: ScriptBench) -> None:
    bench.run(["P", 0, nested(MAX_DEPTH - 1)])


@pytest.mark.parametrize(
    "title", ["Net", "import os", "__import__('os').system('true')", "", "ü", "Told", "x" * 5000]
)
def test_a_class_s_name_is_only_a_name(bench: ScriptBench, title: str) -> None:
    bench.run(["P", 0, {"c": f"* {title}", "s": {"anything": [1]}, "k": {"inner": LINEAR}, "p": {}}])
    module = bench.things.module(0)
    assert type(module).__name__ == (title if title.isidentifier() else "Module")
    with pytest.raises(Contradiction, match="was not told"):
        module(X)


@pytest.mark.parametrize("number", [1, 7, -1, True, None, "0", HUGE])
def test_a_model_gets_the_next_number(bench: ScriptBench, number: Any) -> None:
    with pytest.raises((Cannot, Contradiction)):
        bench.run(["P", number, SEQUENTIAL])


def test_a_model_without_parameters_has_no_number(bench: ScriptBench) -> None:
    with pytest.raises(Contradiction):
        bench.run(["P", 0, layer("ReLU", {})])


def test_only_so_many_models_are_made(bench: ScriptBench) -> None:
    with pytest.raises((Cannot, Contradiction)):
        bench.run(*[["P", number, LINEAR] for number in range(1000)])


def test_where_the_exercise_hands_a_model_in_none_is_made() -> None:
    with benched() as bench:
        things = Things(bench.spies, nn.Linear(2, 1), {}, traced=True)
        machine = Machine(
            things, {0: [["P", 0, LINEAR]]}, (), (), lambda *_: None, lambda *_: None, time.monotonic() + 9
        )
        with pytest.raises(Cannot):
            machine.run([[0, 1]])


# ── first values ─────────────────────────────────────────────────────────────────────────────────

WRONG_VALUES: dict[str, dict[str, Any]] = {
    "no bytes": {"data": "%"},
    "bytes that are cut": {"data": "AAAA"},
    "no text": {"data": "\N{SNOWMAN}"},
    "nothing": {"data": ""},
    "another shape": {"shape": [3]},
    "a shape below nothing": {"shape": [-1, -2]},
    "a huge shape": {"shape": [1 << 62, 1 << 62]},
    "a shape of no numbers": {"shape": [True, 2.0]},
    "a shape of words": {"shape": ["1", "2"]},
    "another type": {"dtype": "int64"},
    "a type that is none": {"dtype": "load"},
    "a dotted type": {"dtype": "nn.Linear"},
    "a type of complex numbers": {"dtype": "complex64"},
    "a wider type": {"dtype": "float64"},
}


@pytest.mark.parametrize("name", WRONG_VALUES)
def test_first_values_that_are_none_are_refused(bench: ScriptBench, name: str) -> None:
    record = initial(0, VALUES[0], **WRONG_VALUES[name])
    with pytest.raises((Cannot, Contradiction)):
        first_value(record)
    bench.things.initial = {0: lambda: first_value(record)}
    with pytest.raises((Cannot, Contradiction)):
        bench.run(["O", "SGD", [[[0], {"lr": 0.1}]]])


def test_a_parameter_before_one_that_was_not_told_is_refused(bench: ScriptBench) -> None:
    bench.things.initial = {number: make for number, make in bench.things.initial.items() if number != 1}
    with pytest.raises(Cannot):
        bench.run(["O", "SGD", [[[2], {"lr": 0.1}]]])


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────

GIVEN, P, V = {"r": ["i", 0]}, {"r": ["p", 2]}, {"r": ["v", 0]}

BODIES: dict[str, trace.Body] = {
    "nothing": body(),
    "an operation that is none": body(3),
    "an operation of nothing": body([]),
    "an operation of words": body("m"),
    "an unknown letter": body(["F", "inner", [["i", 0]], 1]),
    "a forward in a forward": body(["V", 0, 0]),
    "a layer that is not there": body(["m", "outer", [["i", 0]], 1]),
    "a layer by no name": body(["m", "", [["i", 0]], 1]),
    "a layer by a number": body(["m", 0, [["i", 0]], 1]),
    "itself": body(["m", "inner.", [["i", 0]], 1]),
    "a layer's attribute": body(["m", "inner.weight", [["i", 0]], 1]),
    "a layer's class": body(["m", "__class__", [["i", 0]], 1]),
    "a layer's method": body(["m", "inner.forward", [["i", 0]], 1]),
    "a layer on nothing": body(["m", "inner", [], 1]),
    "a layer on what is no tensor": body(["m", "inner", [3], 1]),
    "a layer on another shape": body(["m", "inner", [["p", 1]], 1]),
    "a layer that gives more": body(["m", "inner", [["i", 0]], 2]),
    "a layer that gives less": body(["m", "inner", [["i", 0]], 0]),
    "an input that is not there": body(["m", "inner", [["i", 1]], 1]),
    "an input below nothing": body(["m", "inner", [["i", -1]], 1]),
    "a value of the future": body(["=", "torch.add", [{"r": ["v", 0]}, 1], NOTHING, 1]),
    "a buffer that is not there": body(["=", "torch.add", [{"r": ["u", 0]}, 1], NOTHING, 1]),
    "a parameter that was not told": body(["=", "torch.add", [{"r": ["p", 99]}, 1], NOTHING, 1]),
    "an operand of no kind": body(["=", "torch.add", [{"r": ["d", 0]}, 1], NOTHING, 1]),
    "an operand that is none": body(["=", "torch.add", [{"r": 0}, 1], NOTHING, 1]),
    "an operand with a kind in a list": body(["=", "torch.add", [{"r": [["i"], 0]}, 1], NOTHING, 1]),
    "a function that is not listed": body(["=", "torch.load", ["/etc/passwd"], NOTHING, 1]),
    "a function of the system": body(["=", "os.system", ["true"], NOTHING, 1]),
    "a function of the tensor's": body(["=", "torch.Tensor.numpy", [GIVEN], NOTHING, 1]),
    "a function by no name": body(["=", None, [GIVEN], NOTHING, 1]),
    "a function by a list": body(["=", ["torch.add"], [GIVEN, 1], NOTHING, 1]),
    "a function on what was not told": body(["=", "torch.add", [GIVEN, {"?": "a tensor"}], NOTHING, 1]),
    "a function on a number beyond all": body(["=", "torch.add", [GIVEN, 1 << 60], NOTHING, 1]),
    "a function that gives more": body(["=", "torch.add", [GIVEN, 1], NOTHING, 2]),
    "a function that gives no number": body(["=", "torch.add", [GIVEN, 1], NOTHING, None]),
    "named ones that are none": body(["=", "torch.add", [GIVEN, 1], None, 1]),
    "a huge tensor": body(["=", "torch.ones", [1 << 13, 1 << 13], NOTHING, 1]),
    "a huge repetition": body(["=", "torch.Tensor.repeat", [GIVEN, 1 << 13, 1 << 13], NOTHING, 1]),
    "an out": body(["=", "torch.add", [GIVEN, 1], {"m": {"out": P}}, 1]),
    "an out without its name": body(
        ["~", "torch.nn.functional.normalize", [GIVEN, 2.0, 1, 0.1, P], NOTHING, 1]
    ),
    "a parameter is written": body(["~", "torch.Tensor.mul_", [P, 2.0], NOTHING, 1]),
    "a parameter's data are written": body(
        ["=", "torch.Tensor.data.__get__", [P], NOTHING, 1], ["=", "torch.Tensor.mul_", [V, 2.0], NOTHING, 1]
    ),
    "a view of a parameter is written": body(
        ["~", "torch.Tensor.detach", [P], NOTHING, 1],
        ["~", "torch.Tensor.copy_", [V, {"r": ["p", 1]}], NOTHING, 1],
    ),
    "a parameter is set": body(["~", "torch.Tensor.data.__set__", [P, GIVEN], NOTHING, 0]),
    "a gradient is set": body(["~", "torch.Tensor.grad.__set__", [P, P], NOTHING, 0]),
    "a parameter is part of a list": body(["~", "torch._foreach_mul_", [{"l": [P]}, 2.0], NOTHING, 1]),
    "an input is written": body(["~", "torch.Tensor.mul_", [GIVEN, 2.0], NOTHING, 1]),
    "an input's row is written": body(["~", "torch.Tensor.__setitem__", [GIVEN, 0, 2.0], NOTHING, 0]),
    "a norm of a parameter": body(
        ["~", "torch.nn.functional.batch_norm", [GIVEN, P, P, None, None, True], NOTHING, 1]
    ),
    "an input is dropped out": body(
        ["=", "torch.nn.functional.dropout", [GIVEN, 0.5, True, True], NOTHING, 1]
    ),
    "a result that is none": body(["m", "inner", [["i", 0]], 1], result=None),
    "a result of words": body(["m", "inner", [["i", 0]], 1], result="v0"),
    "a result that was never made": body(["m", "inner", [["i", 0]], 1], result=["v", 1]),
    "a result of nothing": body(["m", "inner", [["i", 0]], 1], result=[]),
    "results that were never made": body(["m", "inner", [["i", 0]], 1], result=[["v", 0], ["v", 5]]),
    "too many operations": body(*[["m", "inner", [["i", 0]], 1]] * (MAX_OPS + 1), result=["v", MAX_OPS + 5]),
}


@pytest.mark.parametrize("letter", ["F", "f"])
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_none_is_refused(name: str, letter: str) -> None:
    with benched(BODIES[name]) as bench:
        with pytest.raises((Cannot, Contradiction)):
            bench.run(*LOADER, ["P", 0, OWN], ["V", 0, 0], [letter, *FORWARD[1:]])
        assert bench.weights == [value.flatten().tolist() for value in VALUES][: len(bench.weights)]
        assert torch.equal(bench.things.sources[0], X)


def test_a_body_may_work_on_what_it_made_itself() -> None:
    told = body(
        ["m", "inner", [["i", 0]], 1], ["=", "torch.Tensor.mul_", [V, 2.0], NOTHING, 1], result=["v", 1]
    )
    with benched(told) as bench:
        bench.run(*LOADER, ["P", 0, OWN], ["V", 0, 0], FORWARD, *LEARN)
        assert bench.recorder.steps == 1


def test_a_buffer_is_not_written() -> None:
    told = body(["~", "torch.Tensor.copy_", [{"r": ["u", 0]}, P], NOTHING, 1])
    tree = {**OWN, "k": {**OWN["k"], "norm": layer("BatchNorm1d", NORM)}}  # type: ignore[dict-item]
    with benched(told) as bench, pytest.raises(Cannot, match="changes what it is given"):
        bench.run(*LOADER, ["P", 0, tree], ["V", 0, 0], FORWARD)


def test_a_model_in_a_model_is_not_called_as_a_layer() -> None:
    tree = {"c": "* Outer", "s": {}, "k": {"net": OWN}, "p": {}}
    with (
        benched(body(["m", "net", [["i", 0]], 1])) as bench,
        pytest.raises(Contradiction, match="as a whole"),
    ):
        bench.run(*LOADER, ["P", 0, tree], ["V", 0, 0], FORWARD)


@pytest.mark.parametrize(
    ("module", "number"), [(0, 1), (0, -1), (0, "0"), (0, [0]), (1, 0), (-1, 0), (None, 0)]
)
def test_a_body_that_was_not_told_is_refused(module: Any, number: Any) -> None:
    with benched(body(["m", "inner", [["i", 0]], 1])) as bench, pytest.raises((Cannot, Contradiction)):
        bench.run(["P", 0, OWN], ["V", module, number])


def test_a_layer_of_torch_s_has_no_body() -> None:
    with (
        benched(body(["m", "0", [["i", 0]], 1])) as bench,
        pytest.raises(Contradiction, match="was not told"),
    ):
        bench.run(["P", 0, SEQUENTIAL], ["V", 0, 0])


# ── data, and the generator ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "source",
    [
        ["x"],
        ["x", "train"],
        ["x", "hidden", []],
        ["x", "/etc", []],
        ["x", None, []],
        ["x", "train", [["v1.Lambda", {}]]],
        ["x", "train", [["os.system", {}]]],
        ["x", "train", 3],
        ["x", "train", [], []],
        ["t", [["s", 2, 0, None]]],
        ["t", [["s", -1, 0, None]]],
        ["t", [["s", "0", 0, None]]],
        ["t", [["s", 0, 0, [0, [99, 99], [2, 1]]]]],
        ["d", 0],
        [],
        "x",
        None,
    ],
    ids=repr,
)
def test_a_data_set_that_is_none_is_refused(bench: ScriptBench, source: Any) -> None:
    with pytest.raises((Cannot, Contradiction)):
        bench.run(["M", 0, source, 4, False, False, -1])


def test_an_exercise_may_bring_no_data_set(bench: ScriptBench) -> None:
    bench.things.datasets = None
    with pytest.raises(Cannot):
        bench.run(["M", 0, ["x", "train", []], 4, False, False, -1])


def test_raw_data_may_be_read_and_not_written(bench: ScriptBench) -> None:
    read = {"r": ["s", 0, 0, None]}
    bench.run(["=", "torch.Tensor.mul", [read, 2.0], NOTHING, 1])
    for op in (
        ["~", "torch.Tensor.mul_", [read, 2.0], NOTHING, 1],
        ["~", "torch.Tensor.__setitem__", [{"r": ["s", 0, 0, [0, [2], [1]]]}, 0, 2.0], NOTHING, 0],
        ["~", "torch.nn.functional.relu", [read, True], NOTHING, 1],
    ):
        with pytest.raises(Cannot, match="data that the file changes"):
            bench.run(op)
    assert torch.equal(bench.things.sources[0], X)


def test_raw_data_get_into_a_parameter_by_no_door(bench: ScriptBench) -> None:
    bench.run(["P", 0, LINEAR])
    copied = ["=", "torch.Tensor.mean", [{"r": ["s", 0, 0, None]}, 0, True], NOTHING, 1]
    with pytest.raises(Cannot, match="come from the data"):
        bench.run(
            copied,
            ["~", "torch.Tensor.copy_", [{"r": ["p", 0, 0, None]}, {"r": ["v", 0, 0, None]}], NOTHING, 1],
        )
    assert bench.weights[0] == VALUES[0].flatten().tolist()


@pytest.mark.parametrize("value", [-1, True, 0.5, "3", [], HUGE, 1 << 25])
def test_a_place_that_is_none_is_refused(bench: ScriptBench, value: Any) -> None:
    with pytest.raises((Cannot, Contradiction)):
        bench.run(["N", 3, value])
    if value != 1 << 25:  # a seed as good as any
        with pytest.raises((Cannot, Contradiction)):
            bench.run(["N", value, 0])


# ── anything else ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def no_doors(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was opened, run or loaded."""
    used: list[str] = []

    def door(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def opened(*args: Any, **kwargs: Any) -> Any:
            used.append(f"{name}{args[:1]}")
            return original(*args, **kwargs)

        return opened

    for place, names in (
        (builtins, ("open", "eval", "exec", "compile")),
        (os, ("system", "open", "remove", "mkdir", "popen")),
        (subprocess, ("Popen",)),
        (torch, ("load", "save")),
    ):
        for name in names:
            monkeypatch.setattr(place, name, door(name, getattr(place, name)))
    return used


@pytest.mark.parametrize("name", [*TREES, *BODIES])
def test_no_file_is_touched_and_no_code_is_run(bench: ScriptBench, no_doors: list[str], name: str) -> None:
    bodies = [BODIES[name]] if name in BODIES else []
    bench.things.bodies = {body.id: body for body in bodies}
    with pytest.raises((Cannot, Contradiction)):
        bench.run(*LOADER, ["P", 0, TREES.get(name, OWN) if not bodies else OWN], ["V", 0, 0], FORWARD)
    assert [
        use for use in no_doors if "torch" not in use
    ] == []  # which loads parts of itself when first used


words = st.one_of(
    st.sampled_from(
        [*SETTINGS, "Sequential", "* Net", "weight", "bias", "0", "1", "inner", "__class__", "a.b", ""]
    ),
    st.text(max_size=5),
)
numbers = st.one_of(st.integers(-2, 4), st.sampled_from([1 << 40, HUGE, 0.5, NAN, None, True]))
anything = st.recursive(
    st.one_of(words, numbers),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=6,
)
SETTING_NAMES = sorted({key for keys in SETTINGS.values() for key in keys})
settings = st.dictionaries(
    st.sampled_from(SETTING_NAMES),
    st.one_of(numbers, st.lists(st.integers(0, 4), max_size=3), anything),
    max_size=6,
)
trees = st.recursive(
    st.one_of(st.just(LINEAR), st.just(layer("ReLU", {}))),
    lambda inner: st.fixed_dictionaries(
        {
            "c": words,
            "s": st.one_of(settings, anything),
            "k": st.one_of(st.dictionaries(words, inner, max_size=3), anything),
            "p": st.one_of(st.dictionaries(words, numbers, max_size=3), anything),
        }
    ),
    max_leaves=5,
)


@given(st.one_of(trees, anything))
def test_any_tree_is_made_or_refused(tree: Any) -> None:
    with benched() as bench, contextlib.suppress(*REFUSED):
        bench.run(*LOADER, ["P", 0, tree], FORWARD)


operands = st.tuples(st.sampled_from("ivpu"), st.integers(-1, 3)).map(list)
arguments = st.one_of(operands.map(lambda operand: {"r": operand}), numbers, anything)
operations = st.one_of(
    st.tuples(
        st.sampled_from("me"),
        st.sampled_from(["inner", "outer"]),
        st.lists(operands, max_size=2),
        st.integers(0, 2),
    ),
    st.tuples(
        st.sampled_from("=~"),
        st.sampled_from(["torch.add", "torch.Tensor.mul_", "torch.Tensor.chunk", "torch.ones", "torch.load"]),
        st.lists(arguments, max_size=3),
        st.just(NOTHING),
        st.integers(0, 2),
    ),
).map(list)


@given(
    st.lists(st.one_of(operations, anything), max_size=4),
    st.one_of(operands, st.lists(operands, max_size=2), anything),
)
def test_any_body_is_executed_or_refused_and_changes_no_parameter(ops: list[Any], result: Any) -> None:
    with benched(trace.Body(id=0, ops=ops, result=result)) as bench:
        with contextlib.suppress(*REFUSED):
            bench.run(*LOADER, ["P", 0, OWN], ["V", 0, 0], FORWARD)
        assert bench.weights == [value.flatten().tolist() for value in VALUES]
        assert torch.equal(bench.things.sources[0], X)
