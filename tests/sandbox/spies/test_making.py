"""What a script makes itself is told so that it can be made again: first values, modules, data sets, the generator."""

from __future__ import annotations

import base64
import textwrap
from typing import Any

import pytest
import torch
from torch.utils.data import TensorDataset

from sandbox import trace, vision
from sandbox.generators import skip
from sandbox.spies import making
from sandbox.spies.making import draws
from tests.sandbox.watching import Script, Seen, watch

SETUP = """\
    import torch
    from torch import nn
    from torch.nn import functional as F
    from torch.utils.data import DataLoader, Dataset, TensorDataset
    torch.manual_seed(3)
    x = torch.linspace(-1, 1, 24).reshape(12, 2)
    data = TensorDataset(x, x.sum(1, keepdim=True))
"""
TRAIN = """\
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for xb, yb in DataLoader(data, 4):
        optimizer.zero_grad()
        F.mse_loss(model(xb), yb).backward()
        optimizer.step()
"""
OWN = """\
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.drop = nn.Linear(2, 1), nn.Dropout(0.5)
            self.scale = nn.Parameter(torch.ones(1))
        def forward(self, x):
            return self.drop(self.inner(x)) * self.scale
    model = Net()
"""


def run(*parts: str, script: Script | None = Script(), failing: bool = False, **more: Any) -> Seen:  # noqa: B008
    """Run parts of a file as a script."""
    text = "".join(textwrap.dedent(part) for part in parts)
    seen = watch(text, setup=SETUP, shapes=[[1, 2], [1]], script=script, **more)
    assert failing or not seen.of(trace.Failure), seen.of(trace.Failure)[0].text
    return seen


def ops(seen: Seen, kinds: str) -> list[Any]:
    """All operations of some kinds, in the order in which scripts were first seen."""
    return [op for script in seen.of(trace.Script) for op in script.ops if op[0] in kinds]


def values(record: trace.Initial) -> torch.Tensor:
    flat = torch.frombuffer(bytearray(base64.b64decode(record.data)), dtype=getattr(torch, record.dtype))
    return flat.reshape(record.shape)


# ── parameters ───────────────────────────────────────────────────────────────────────────────────


def test_parameters_come_as_they_were_before_the_first_step() -> None:
    seen = run("model = nn.Linear(2, 1)\nfirst = [p.detach().clone() for p in model.parameters()]\n", TRAIN)
    records = seen.of(trace.Initial)
    assert [record.id for record in records] == [0, 1]
    for record, first, last in zip(
        records, seen.names["first"], seen.names["model"].parameters(), strict=True
    ):
        assert record.grad
        assert torch.equal(values(record), first)
        assert not torch.equal(first, last)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16"])
def test_parameters_of_other_types_and_layouts_are_told(dtype: str) -> None:
    seen = run(
        f"model = nn.Linear(2, 3, dtype=torch.{dtype})\nmodel.weight.data = model.weight.data.t().clone().t()\n"
        "model.bias.requires_grad_(False)\ntorch.optim.SGD(model.parameters(), lr=0.1)\n"
    )
    weight, bias = seen.of(trace.Initial)
    assert (weight.dtype, weight.grad, bias.grad) == (dtype, True, False)
    assert torch.equal(values(weight), seen.names["model"].weight.detach())
    assert torch.equal(values(bias), seen.names["model"].bias.detach())


def test_only_so_many_values_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MAX_VALUES", 4 * 25)
    seen = run(
        "a, b, c = nn.Linear(4, 4), nn.Linear(8, 1), nn.Linear(2, 2)\n"
        "torch.optim.SGD([*a.parameters(), *b.parameters(), *c.parameters()], lr=0.1)\n"
    )
    assert [record.shape for record in seen.of(trace.Initial)] == [[4, 4], [4], [1], [2, 2]]


def test_what_an_exercise_hands_in_is_not_told() -> None:
    assert run("model = nn.Linear(2, 1)\n", TRAIN, script=None).of(trace.Initial) == []


# ── the generator ────────────────────────────────────────────────────────────────────────────────


def test_where_the_generator_stands_is_told_before_what_draws() -> None:
    seen = run("model = nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.5))\n", TRAIN)
    told = ops(seen, "NIP")
    assert [op[0] for op in told] == ["N", "N", "I", "P"]
    assert told[0] == ["N", 3]
    assert told[1] == ["N", 3, 3]  # two weights and a bias were drawn


def test_it_is_told_again_when_something_was_made_in_between() -> None:
    seen = run("model = nn.Linear(2, 1)\n", TRAIN, "model = nn.Linear(2, 1)\n", TRAIN)
    places = [op for op in ops(seen, "N") if len(op) == 3]
    assert [seed for _, seed, _ in places] == [3, 3]
    assert places[0][2] < places[1][2]


def test_after_another_seed_it_is_told_from_there() -> None:
    """Also after the same one: the generator stands before where it stood."""
    for seed in (3, 4):
        seen = run(
            "model = nn.Linear(90, 20)\nmodel = nn.Linear(2, 1)\n",
            TRAIN,
            f"torch.manual_seed({seed})\n",
            "model = nn.Linear(2, 1)\n",
            TRAIN,
        )
        assert not [op for op in ops(seen, "?") if "generator" in op[2]]
        places = [op for op in ops(seen, "N") if len(op) == 3]
        assert places[-1] == ["N", seed, 3]
        assert places[0][2] > 1800


def test_a_state_that_no_seed_explains_is_unknown() -> None:
    seen = run("model = nn.Linear(2, 1)\ntorch.randn(3)\n", TRAIN)
    assert "a generator's state" in [op[2] for op in ops(seen, "?")]


def test_the_program_s_place_is_the_generator_s() -> None:
    seen = run("model = nn.Linear(2, 1)\nbefore = torch.get_rng_state()\n", TRAIN)
    other = torch.Generator()
    ((_, seed, count),) = [op for op in ops(seen, "N") if len(op) == 3]
    other.manual_seed(seed)
    skip(other, count)
    assert torch.equal(other.get_state(), seen.names["before"])


@pytest.mark.parametrize(
    ("name", "random"),
    [
        ("torch.rand", True),
        ("torch.randperm", True),
        ("torch.nn.functional.dropout", True),
        ("torch.Tensor.bernoulli_", True),
        ("torch.Tensor.normal_", True),
        ("torch.nn.init.kaiming_uniform_", True),
        ("torch.Tensor.add", False),
        ("torch.nn.functional.linear", False),
    ],
)
def test_which_functions_draw(name: str, random: bool) -> None:
    assert draws(name) is random


# ── data sets ────────────────────────────────────────────────────────────────────────────────────

KNOWN = """\
    class Own(Dataset):
        transform, target_transform = {transform}, {target}
        def __len__(self):
            return 12
        def __getitem__(self, index):
            return x[index], x[index, :1]
    data = Own()
"""


def known(name: str | None) -> Script:
    return Script(known=lambda dataset: name if type(dataset).__name__ == "Own" else None)


@pytest.fixture(autouse=True, scope="module")
def torchvision() -> None:
    vision.prepare()
    import torchvision.transforms  # noqa: F401 - only transforms of what was imported are told


def loaders(transform: str, target: str = "None", name: str | None = "train") -> list[Any]:
    parts = (
        "import torchvision\nmodel = nn.Linear(2, 1)\n",
        KNOWN.format(transform=transform, target=target),
        TRAIN,
    )
    return ops(run(*parts, script=known(name)), "M?")


def test_a_data_set_of_the_exercise_s_own_comes_with_its_transform() -> None:
    (made,) = loaders("torchvision.transforms.Normalize((0.5,), (0.25,))")
    settings = {"mean": [0.5], "std": [0.25], "inplace": False}
    assert made == ["M", 0, ["x", "train", [["v1.Normalize", settings]]], 4, False, False, -1]


@pytest.mark.parametrize(
    ("transform", "target", "name"),
    [
        ("torchvision.transforms.ToTensor()", "None", None),
        ("torchvision.transforms.ToTensor()", "int", "train"),
        ("None", "None", "train"),
        ("torchvision.transforms.RandomRotation(3)", "None", "train"),
    ],
)
def test_any_other_data_set_is_not_told(transform: str, target: str, name: str | None) -> None:
    (made,) = loaders(transform, target, name)
    assert made == ["?", "", "a loader that the file makes itself"]


def test_raw_data_are_known_by_what_they_are() -> None:
    raw = torch.arange(24.0).reshape(12, 2)
    loop = "y = x.sum(1, keepdim=True)\nmodel = nn.Linear(2, 1)\n"
    seen = run(
        "x = raw.clone()\n",
        loop,
        "data = TensorDataset(x, other.clone())\n",
        TRAIN,
        script=Script(tensors=[raw, raw[:, :1]]),
        raw=raw,
        other=raw[:, :1],
    )
    (made,) = ops(seen, "M?")
    assert made[:3] == ["M", 0, ["t", [["s", 0, 0, None], ["s", 1, 0, None]]]]


@pytest.mark.parametrize("change", ["raw + 1", "raw.double()", "raw[:-1]", "raw.t()"])
def test_changed_data_are_not_raw_ones(change: str) -> None:
    raw = torch.arange(24.0).reshape(12, 2)
    seen = run(
        f"x = ({change}).clone()\n",
        "DataLoader(TensorDataset(x), 4).__iter__()\n",
        script=Script(tensors=[raw]),
        raw=raw,
    )
    assert ops(seen, "M?") == [["?", "", "a loader that the file makes itself"]]


# ── modules ──────────────────────────────────────────────────────────────────────────────────────


def tree(seen: Seen) -> dict[str, Any]:
    ((_, _, found),) = ops(seen, "P")
    made: dict[str, Any] = found
    return made


def test_a_model_of_torch_s_layers_is_told_once_and_needs_no_body() -> None:
    seen = run("model = nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU(), nn.Linear(3, 1))\n", TRAIN)
    assert tree(seen) == {
        "c": "Sequential",
        "s": {},
        "k": {
            "0": {
                "c": "Linear",
                "s": {"in_features": 2, "out_features": 3, "bias": False},
                "k": {},
                "p": {"weight": 0},
            },
            "1": {"c": "ReLU", "s": {}, "k": {}, "p": {}},
            "2": {
                "c": "Linear",
                "s": {"in_features": 3, "out_features": 1, "bias": True},
                "k": {},
                "p": {"weight": 1, "bias": 2},
            },
        },
        "p": {},
    }
    assert seen.of(trace.Body) == []
    assert ops(seen, "V") == []


def test_a_model_of_the_file_s_own_class_is_told_with_its_body() -> None:
    seen = run(OWN, TRAIN)
    found = tree(seen)
    assert found["c"] == "* Net"
    assert found["p"] == {"scale": 0}
    assert found["k"]["inner"]["p"] == {"weight": 1, "bias": 2}
    body = seen.one(trace.Body)
    assert ops(seen, "V") == [["V", 0, body.id]]
    letters = "".join(op[0] for op in seen.of(trace.Script)[0].ops)
    assert "PVF" in letters


def test_a_container_of_the_file_s_own_modules_is_told_by_what_it_does() -> None:
    seen = run(OWN, "model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(model, nn.ReLU()))\n", TRAIN)
    found = tree(seen)
    assert found["c"] == "* Sequential"
    assert found["k"]["1"]["c"] == "* Sequential"
    assert found["k"]["1"]["k"]["0"]["c"] == "* Net"
    assert [op[1] for op in seen.one(trace.Body).ops if op[0] == "m"] == ["0", "1.0.inner", "1.0.drop", "1.1"]


def test_shared_parameters_have_one_number() -> None:
    shared = OWN.replace(
        "self.drop = nn.Linear(2, 1), nn.Dropout(0.5)", "self.drop = nn.Linear(2, 1), nn.Linear(1, 1)"
    )
    shared += "    model.drop.bias = model.inner.bias\n"
    found = tree(run(shared, TRAIN))
    assert found["k"]["inner"]["p"]["bias"] == found["k"]["drop"]["p"]["bias"]


def test_calls_of_another_kind_have_another_body_and_each_is_told_once() -> None:
    forward = "return self.drop(self.inner(x)) * self.scale"
    own = OWN.replace(forward, "return F.dropout(self.inner(x), 0.5, self.training) * self.scale")
    evaluate = (
        "    model.eval()\n    model(x)\n    model.train()\n    model(x)\n    model.eval()\n    model(x)\n"
    )
    seen = run(own, TRAIN, evaluate)
    assert [record.id for record in seen.of(trace.Body)] == [0, 1]
    assert [body for _, _, body in ops(seen, "V")] == [0, 1, 0, 1]


def test_calls_of_another_kind_that_do_the_same_share_a_body() -> None:
    seen = run(OWN, TRAIN, "model(x[:3])\nmodel(x[:5])\nmodel.eval()\nmodel(x)\n")
    assert len(seen.of(trace.Body)) == 1
    assert len(ops(seen, "V")) == 1


UNKNOWN = {
    "state of its own": (
        OWN.replace(
            "    model = Net()", "    model = Net()\n    model.register_buffer('seen', torch.zeros(1))"
        ),
        "a model with state of its own",
    ),
    "a layer that is not listed": (
        "model = nn.Sequential(nn.Linear(2, 1), nn.PReLU(), nn.InstanceNorm1d(1, track_running_stats=True))\n",
        "a model with state of its own",
    ),
    "too many layers": (
        "model = nn.Sequential(nn.Linear(2, 1), *[nn.Identity() for _ in range(200)])\n",
        "a model of too many layers",
    ),
    "nested too deeply": (
        "model = nn.Linear(2, 1)\nfor _ in range(9):\n    model = nn.Sequential(model)\n",
        "a model with state of its own",
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_model_that_cannot_be_made_again_says_why(name: str) -> None:
    model, reason = UNKNOWN[name]
    text = (
        TRAIN
        if name != "a layer that is not listed"
        else "model.forward = None\nmodel = model[:2]\nm = model\n"
    )
    if name == "a layer that is not listed":
        text = "import contextlib\nwith contextlib.suppress(Exception):\n    model(x)\n"
    seen = run(model, text)
    reasons = {op[2] for op in ops(seen, "?") if op[1] == "F"}
    assert reasons == {reason}
    assert ops(seen, "P") == []


def test_a_forward_of_too_many_kinds_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MAX_BODIES", 3)
    seen = run(OWN, TRAIN, *[f"model(x[:{rows}])\n" for rows in range(1, 6)])
    reasons = [op[2] for op in ops(seen, "?") if op[1] == "F"]
    assert reasons == ["a forward of too many kinds"] * 2


def test_a_forward_that_could_not_be_told_once_is_unknown_again() -> None:
    own = OWN.replace(
        "return self.drop(self.inner(x)) * self.scale", "return self.drop(self.inner(input=x)) * self.scale"
    )
    seen = run(own, TRAIN)
    reasons = [op[2] for op in ops(seen, "?") if op[1] == "F"]
    assert reasons[0] == "a layer is called on what is no tensor of the module's"
    assert set(reasons[1:]) == {"a forward of the file's own"}


def test_a_script_changes_no_number_by_being_told() -> None:
    told = run(OWN, TRAIN).names["model"].state_dict()
    plain = run(OWN, TRAIN, script=None).names["model"].state_dict()
    assert all(torch.equal(told[key], plain[key]) for key in told)
    assert isinstance(run(OWN, TRAIN).names["data"], TensorDataset)
