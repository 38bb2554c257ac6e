"""Tracing tells every operation that the student's code does, with its operands, and changes no number."""

from __future__ import annotations

import contextlib
import io
import textwrap
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from sandbox import trace
from sandbox.results import Results
from sandbox.spies import install
from sandbox.spies.recorder import Recorder
from sandbox.spies.tracing import Tracer
from tests.sandbox.watching import FILENAME, expand

PLAIN = """\
for epoch in range(2):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
"""
LOSS = "criterion(model(xb), yb)"
NOTHING: dict[str, Any] = {"m": {}}


@dataclass(frozen=True)
class Traced:
    """What a loop left: its records, and the weights of the given model."""

    records: tuple[trace.Record, ...]
    weights: list[torch.Tensor]

    @property
    def program(self) -> trace.Program:
        (found,) = [record for record in self.records if isinstance(record, trace.Program)]
        return found

    @property
    def steps(self) -> list[list[Any]]:
        """The operations of each step and of what follows the last."""
        scripts = {record.id: record.ops for record in self.records if isinstance(record, trace.Script)}
        return [scripts[number] for number in expand(self.program.items)]

    @property
    def ops(self) -> list[Any]:
        return [op for step in self.steps for op in step]

    def told(self, *kinds: str) -> list[Any]:
        return [op for op in self.ops if op[0] in kinds]


def run(loop: str, *, traced: bool = True) -> Traced:
    """Run a loop over a model, loader and optimizer that an exercise handed in."""
    sent: list[bytes] = []
    recorder = Recorder(trace.Writer(sent.append), FILENAME)
    recorder.write(trace.Header(version=trace.VERSION, torch=torch.__version__, threads=1, entry="function"))
    state = torch.get_rng_state()
    torch.manual_seed(5)
    spies = install(recorder)
    try:
        x = torch.linspace(-1, 1, 24).unsqueeze(1)
        model = nn.Linear(1, 1)
        names: dict[str, Any] = {
            "torch": torch,
            "nn": nn,
            "io": io,
            "DataLoader": DataLoader,
            "TensorDataset": TensorDataset,
            "model": model,
            "loader": DataLoader(TensorDataset(x, 3 * x - 1), 8),
            "criterion": nn.MSELoss(),
            "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        }
        results = Results(recorder, [[1, 1], [1]], model, None)
        spies.watchers.append(results.watch)
        spies.made(names)
        recorder.registry.given = False
        code = compile(textwrap.dedent(loop), FILENAME, "exec")
        with Tracer(recorder) if traced else contextlib.nullcontext():
            exec(code, names)
    finally:
        spies.remove()
        torch.set_rng_state(state)
    spies.close()
    results.finish(names)
    recorder.writer.flush()
    records = trace.read(b"".join(sent))
    failures = [record.text for record in records if isinstance(record, trace.Failure)]
    assert not failures, failures[0]
    return Traced(records, [tensor.clone() for tensor in model.state_dict().values()])


MANUAL = """\
for xb, yb in loader:
    criterion(model(xb), yb).backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 0.1 * p.grad
            p.grad = None
"""
DATA = "for p in model.parameters():\n    p.data.add_(p.grad, alpha=-0.1); p.grad.zero_()\n"
BY_INDEX = """\
x, y = loader.dataset.tensors
for step in range(4):
    idx = torch.randperm(24)[:6]
    optimizer.zero_grad()
    criterion(model(x[idx]), y[idx]).backward()
    optimizer.step()
"""
BEST = (
    "import copy\nbest = copy.deepcopy(model)\n"
    + PLAIN
    + "model.load_state_dict(best.state_dict())\n"
    + "for xb, yb in loader:\n    optimizer.zero_grad(); criterion(model(xb), yb).backward(); optimizer.step()\n"
)
SAVED = (
    """\
file = io.BytesIO()
torch.save({"state": model.state_dict(), "epoch": 3}, file)
file.seek(0)
"""
    + PLAIN.replace("        optimizer.step()\n", "        optimizer.step()\n        criterion(yb, yb)\n")
    + ("model.load_state_dict(torch.load(file)['state'])\n")
)
GRADIENTS = """\
for xb, yb in loader:
    found = torch.autograd.grad(criterion(model(xb), yb), list(model.parameters()))
    with torch.no_grad():
        for p, g in zip(model.parameters(), found):
            p.sub_(g, alpha=0.1)
"""
CHANGING = """\
for step in range(9):
    xb, yb = loader.dataset.tensors
    optimizer.zero_grad()
    criterion(model(xb), yb).backward()
    with torch.no_grad():
        for p in model.parameters(): p.sub_(p.grad, alpha=0.1 / (1 + step))
    optimizer.step()
"""
OWN = (
    """\
class Own(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {"lr": 0.1})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["m"] = torch.zeros_like(p)
                state["m"].mul_(0.9).add_(p.grad)
                p.add_(state["m"], alpha=-group["lr"])

optimizer = Own(model.parameters())
"""
    + PLAIN
)
LOOPS = {
    "plain": PLAIN,
    "by hand": MANUAL,
    "by data": PLAIN.replace("optimizer.step()\n", DATA.replace("\n    ", " ")),
    "a loss by hand": PLAIN.replace(LOSS, "((model(xb) - yb) ** 2).mean()"),
    "by index": BY_INDEX,
    "the best is kept": BEST,
    "saved and loaded": SAVED,
    "autograd.grad": GRADIENTS,
    "numbers that change": CHANGING,
    "its own optimizer": OWN,
    "noise": PLAIN.replace("model(xb)", "model(xb + 0.1 * torch.randn_like(xb))"),
    "adam": "optimizer = torch.optim.Adam(model.parameters())\n" + PLAIN,
    "clipped": PLAIN.replace(
        "optimizer.step()", "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0); optimizer.step()"
    ),
    "a hook": "model.weight.register_hook(lambda gradient: gradient * 0.5)\n" + PLAIN,
    "its own model": "net = nn.Sequential(nn.Linear(1, 1))\n"
    + PLAIN.replace("model(xb)", "model(xb) + net(xb)"),
}


@pytest.mark.parametrize("name", LOOPS)
def test_tracing_changes_no_number(name: str) -> None:
    seen, plain = run(LOOPS[name]), run(LOOPS[name], traced=False)
    assert all(map(torch.equal, seen.weights, plain.weights))
    assert not seen.program.truncated


@pytest.mark.parametrize("name", sorted(LOOPS.keys() - {"a hook", "its own model"}))
def test_nothing_of_these_is_unknown(name: str) -> None:
    assert not run(LOOPS[name]).told("?")


def test_everything_is_as_it_was_afterwards() -> None:
    before = torch.save, torch.load, vars(nn.Parameter)["__deepcopy__"]
    run(SAVED)
    assert before == (torch.save, torch.load, vars(nn.Parameter)["__deepcopy__"])
    with pytest.raises(ZeroDivisionError):
        run("1 / 0")
    assert before == (torch.save, torch.load, vars(nn.Parameter)["__deepcopy__"])
    assert not torch._C._len_torch_function_stack()


def test_what_runs_inside_calls_that_are_told_as_one_is_not_told() -> None:
    clipped = run(LOOPS["clipped"])
    assert not clipped.told("=", "~")
    assert [op[0] for op in clipped.steps[1]] == list("DZFLBCS")
    assert not run(LOOPS["adam"]).told("=", "~")


def test_an_update_by_hand_is_told_as_it_is_written() -> None:
    second = run(MANUAL).steps[1]
    assert second == [
        ["D", 0, 0],
        ["F", 0, "t", [["b", 0, 0, None]]],
        ["L", "mse_loss", [["f", 0, 0, None], ["b", 0, 1, None]], {"reduction": "mean"}],
        ["B", ["L", 0], "none", False],
        *[
            op
            for place in (0, 1)
            for op in (
                ["~", "torch.Tensor.mul", [{"r": ["g", place, 0, None]}, 0.1], NOTHING, 1],
                [
                    "~",
                    "torch.Tensor.sub_",
                    [{"r": ["p", place, 0, None]}, {"r": ["v", 0, 2 * place, None]}],
                    NOTHING,
                    1,
                ],
                ["~", "torch.Tensor.grad.__set__", [{"r": ["p", place, 0, None]}, None], NOTHING, 0],
            )
        ],
    ]


def test_an_update_of_data_and_a_zeroed_gradient_are_told() -> None:
    told = [op for op in run(LOOPS["by data"]).steps[1] if op[0] in "=~"]
    assert [op[1].removeprefix("torch.Tensor.") for op in told] == ["data.__get__", "add_", "zero_"] * 2
    assert told[1][2:4] == [
        [{"r": ["v", 0, 0, None]}, {"r": ["g", 0, 0, None]}],
        {"m": {"alpha": -0.1}},
    ]
    assert told[2][2] == [{"r": ["g", 0, 0, None]}]
    assert {op[2] for op in run(LOOPS["by data"]).told("B")} == {"none"}  # its zero_grad comes first


def test_gradients_are_never_cleared_before_a_backward_but_by_what_is_told() -> None:
    loop = PLAIN.replace("optimizer.zero_grad()", "model.weight.grad is None or model.weight.grad.zero_()")
    assert [op[2] for op in run(loop).told("B")] == ["none"] + ["kept"] * 5
    assert [op[2] for op in run(loop, traced=False).told("B")] == ["none"] + ["kept"] * 5


def test_a_loss_by_hand_goes_backward_as_a_value() -> None:
    told = run(LOOPS["a loss by hand"])
    assert [op[:3] for op in told.steps[1] if op[0] == "="] == [
        ["=", "torch.Tensor.sub", [{"r": ["f", 0, 0, None]}, {"r": ["b", 0, 1, None]}]],
        ["=", "torch.Tensor.__pow__", [{"r": ["v", 0, 0, None]}, 2]],
        ["=", "torch.Tensor.mean", [{"r": ["v", 0, 1, None]}]],
    ]
    assert told.told("B") == [["B", ["v", 0, 2, None], "none", False]] * 6


def test_rows_by_index_are_values_of_the_data() -> None:
    told = run(BY_INDEX)
    assert told.program.items == [[0, 4]]
    assert [op[:3] for op in told.steps[0] if op[0] == "="] == [
        ["=", "torch.randperm", [24]],
        ["=", "torch.Tensor.__getitem__", [{"r": ["v", 0, 0, None]}, {"s": [None, 6, None]}]],
        ["=", "torch.Tensor.__getitem__", [{"r": ["d", 0, 0, None]}, {"r": ["v", 0, 1, None]}]],
        ["=", "torch.Tensor.__getitem__", [{"r": ["d", 0, 1, None]}, {"r": ["v", 0, 1, None]}]],
    ]
    assert told.told("F")[0][3] == [["v", 0, 2, None]]


def test_a_copy_is_known_by_its_stretch_much_later() -> None:
    told = run(BEST)
    assert [op[1:] for op in told.steps[0][:2]] == [
        ["torch.Tensor.__deepcopy__", [{"r": ["p", place, 0, None]}], NOTHING, 1] for place in (0, 1)
    ]
    detached = [op[2] for op in told.told("=") if op[1] == "torch.Tensor.detach"]
    assert [{"r": ["w", 0, 0, None]}] in detached
    assert [op[2][0] for op in told.told("~") if op[1] == "torch.Tensor.copy_"] == [
        {"r": ["p", 0, 0, None]},
        {"r": ["p", 1, 0, None]},
    ]


def test_what_was_saved_is_known_again_by_its_content() -> None:
    told = run(SAVED)
    clones = [op for op in told.steps[0] if op[1] == "torch.Tensor.clone"]
    assert len(clones) == 2
    copied = [op[2] for op in told.told("~") if op[1] == "torch.Tensor.copy_"]
    assert [pair[0] for pair in copied] == [{"r": ["p", 0, 0, None]}, {"r": ["p", 1, 0, None]}]
    assert all(pair[1]["r"][:2] == ["w", 0] for pair in copied)


def test_gradients_by_autograd_grad_are_values() -> None:
    told = run(GRADIENTS)
    assert told.told("A")[0] == ["A", ["L", 0], [["p", 0, 0, None], ["p", 1, 0, None]]]
    assert [op[2][1] for op in told.steps[1] if op[0] == "~"] == [
        {"r": ["v", 0, 0, None]},
        {"r": ["v", 0, 1, None]},
    ]
    assert run(GRADIENTS, traced=False).told("?")


def test_numbers_that_differ_from_step_to_step_are_told_apart() -> None:
    told = run(CHANGING)
    alphas = [op[3]["m"]["alpha"] for op in told.told("~")]
    assert alphas == [0.1 / (1 + step) for step in range(3) for _ in "wb"] + [{"#": 0}] * 12
    assert told.program.constants == [[0.1 / (1 + step), 2.0] for step in range(3, 9)]
    assert told.program.items[-1][1] == 6


def test_the_numbers_of_equal_steps_are_not() -> None:
    assert run(MANUAL).program.constants == []


def test_an_own_optimizer_s_step_is_the_body_of_its_closure() -> None:
    told = run(OWN)
    assert told.told("O")[0] == ["O", "", [[[0, 1], {"lr": 0.1}]]]
    second = told.told("S")[1]
    assert second[1] == -2
    names = [op[1].removeprefix("torch.Tensor.") for op in second[2]]
    assert names == ["mul_", "add_", "add_"] * 2
    assert second[2][0][2][0] == {"r": ["v", 1, 0, None]}


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("torch.zeros(2, 3, dtype=torch.float64)", [2, 3]),
        ("torch.zeros((2, 3), device='cpu')", [{"i": [2, 3]}]),
        ("torch.full([2], float('inf'))", [{"l": [2]}, {"?": "a number that is none"}]),
        ("torch.zeros(4)[..., 1:]", [{"r": ["v", 0, 0, None]}, {"i": [{"e": 0}, {"s": [1, None, None]}]}]),
        ("torch.zeros(4)[None]", [{"r": ["v", 0, 0, None]}, None]),
        ("torch.randn(2, generator=torch.Generator().manual_seed(3))", [2]),
        ("torch.einsum('i,i->', torch.ones(2), torch.ones(2))", None),
    ],
)
def test_arguments_are_told(call: str, arguments: list[Any] | None) -> None:
    last = run(call).ops[-1]
    if arguments is not None:
        assert last[2] == arguments
    assert last[-1] == 1


def test_named_arguments_are_told() -> None:
    op = run("torch.zeros(2, dtype=torch.float64, device=torch.device('cpu'))").ops[-1]
    assert op[3] == {"m": {"dtype": {"d": "float64"}, "device": {"c": 0}}}
    drawn = "g = torch.Generator().manual_seed(3)\nfor _ in range(2): torch.randn(2, generator=g)"
    told = [op[3]["m"]["generator"] for op in run(drawn).ops]
    assert told == [{"g": [0, 3]}, {"g": [0, 0]}]
    late = "g = torch.Generator().manual_seed(3); g.set_state(torch.get_rng_state())\n"
    assert run(late + "torch.randn(2, generator=g)").ops[-1][3]["m"]["generator"] == {"?": "a generator"}


@pytest.mark.parametrize(
    "hook",
    [
        "model.weight.register_hook(lambda gradient: gradient * 0.5)",
        "model.weight.register_post_accumulate_grad_hook(lambda p: p.grad.mul_(0.5) and None)",
    ],
)
def test_a_hook_cannot_be_told(hook: str) -> None:
    assert ["?", "", "a hook"] in run(f"{hook}\n" + PLAIN).ops
    within = PLAIN.replace(LOSS, f"{LOSS} + (model.weight * 1).sum(); h = (model.weight * 1)")
    assert not run(within).told("?")


def test_a_model_of_the_file_s_own_cannot_be_told() -> None:
    told = run(LOOPS["its own model"])
    assert told.told("?") or any("?" in repr(op) for op in told.told("=", "~"))


def test_a_loader_over_values_is_made_of_them() -> None:
    made = "half = DataLoader(TensorDataset(*[t[:8] * 1 for t in loader.dataset.tensors]), 4)\n"
    told = run(made + PLAIN.replace("in loader", "in half"))
    assert told.told("M") == [["M", 1, ["t", [["v", 0, 1, None], ["v", 0, 3, None]]], 4, False, False, -1]]
    assert not told.told("?")
