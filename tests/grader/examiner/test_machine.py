"""Whatever a program claims, the machine executes it or refuses it in one of three ways; nothing else happens."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from grader.examiner.functions import writes
from grader.examiner.machine import _OPERATIONS, Machine
from grader.examiner.things import Cannot, Contradiction, Things, TooLong, index, number
from sandbox import trace
from sandbox.spies import install
from sandbox.spies.recorder import Recorder

REFUSED = (Cannot, Contradiction, TooLong)
FORWARD = ["F", 0, "t", [["b", 0, 0, None]]]
MSE = ["L", "mse_loss", [["f", 0, 0, None], ["b", 0, 1, None]], {"reduction": "mean"}]
STEP = [["D", 0, 0], ["Z", 0, True], FORWARD, MSE, ["B", ["L", 0], "none", False], ["S", 0]]
SCALED = [
    ["G", 0, True, {"init_scale": 4.0}],
    ["X", 0, ["L", 0]],
    ["B", ["L", 0], "none", False],
    ["U", 0, 0],
    ["S", 0, None, 0],
    ["T", 0],
]
PARAMETER = {"r": ["p", 0, 0, None]}
NOTHING: dict[str, Any] = {"m": {}}


class Bench:
    """A model, a loader, an optimizer and a scheduler of an exercise, under spies."""

    def __init__(self, *, traced: bool = True) -> None:
        self.recorder = Recorder(trace.Writer(lambda _: None), "loop.py")
        self.spies = install(self.recorder)
        x = torch.linspace(-1, 1, 24).unsqueeze(1)
        self.model = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.fill_(0.5)
        self.loader = DataLoader(TensorDataset(x, 3 * x - 1), 8)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 1)
        self.recorder.registry.module(self.model)
        self.spies.made({"loader": self.loader})
        self.recorder.registry.given = False
        self.made: list[tuple[str, int]] = []
        self.told: list[tuple[int, int]] = []
        functions = {"ask": lambda *_: (torch.ones(2, 1), torch.ones(2, 1))}
        self.things = Things(self.spies, self.model, functions, traced=traced)

    def run(
        self,
        *ops: Any,
        items: Any = None,
        numbers: Any = (),
        constants: Any = (),
        seconds: float = 20.0,
    ) -> Machine:
        """Execute operations as one script, or in another order."""
        machine = Machine(
            self.things,
            {0: list(ops)},
            numbers,
            constants,
            lambda script, place: self.told.append((script, place)),
            lambda kind, which: self.made.append((kind, which)),
            time.monotonic() + seconds,
        )
        machine.run([[0, 1]] if items is None else items)
        return machine

    @property
    def weights(self) -> list[float]:
        return [
            float(value) for parameter in self.model.parameters() for value in parameter.detach().flatten()
        ]


@contextlib.contextmanager
def benched(*, traced: bool = True) -> Iterator[Bench]:
    state = torch.get_rng_state()
    made = Bench(traced=traced)
    try:
        yield made
    finally:
        made.spies.remove()
        torch.set_rng_state(state)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with benched() as made:
        yield made


VALUE = {"r": ["v", 0, 0, None]}
MEAN = ["=", "torch.mean", [{"r": ["d", 0, 1, None]}], NOTHING, 1]
BIAS = {"r": ["p", 1, 0, None]}
MODE = {"m": {"training": True, "momentum": 1.0}}
SMUGGLED: dict[str, list[Any]] = {
    "a plain copy": ["~", "torch.Tensor.copy_", [BIAS, VALUE], NOTHING, 1],
    "one given by its name": ["~", "torch.clamp_", [], {"m": {"input": BIAS, "min": VALUE}}, 1],
    "the tenth of a list": [
        "~",
        "torch._foreach_add_",
        [{"l": [{"r": ["v", 0, 1, None]}] * 9 + [BIAS]}, {"l": [VALUE] * 10}],
        NOTHING,
        0,
    ],
    "a mean that is kept": [
        "~",
        "torch.nn.functional.batch_norm",
        [{"r": ["v", 0, 2, None]}, BIAS, {"r": ["v", 0, 1, None]}],
        MODE,
        1,
    ],
    "a mean that is kept by name": [
        "~",
        "torch.nn.functional.batch_norm",
        [{"r": ["v", 0, 2, None]}],
        {"m": {"running_mean": BIAS, "running_var": {"r": ["v", 0, 1, None]}, **MODE["m"]}},
        1,
    ],
    "an entry": ["~", "torch.Tensor.__setitem__", [BIAS, {"e": 0}, VALUE], NOTHING, 0],
    "another storage": ["~", "torch.Tensor.data.__set__", [BIAS, {"r": ["v", 0, 3, None]}], NOTHING, 0],
}
"""Ways to write what the data hold into a parameter: a mean (v 0), after ones, a column and the mean as a vector."""
READY = [
    MEAN,
    ["=", "torch.ones", [1], NOTHING, 1],
    ["=", "torch.Tensor.expand", [VALUE, 4, 1], NOTHING, 1],
    ["=", "torch.Tensor.reshape", [VALUE, 1], NOTHING, 1],
]


# ── what is right is done ────────────────────────────────────────────────────────────────────────


def test_a_plain_step_is_what_torch_makes_of_it(bench: Bench) -> None:
    bench.run(["I", 0], *STEP)
    with benched() as other:
        xb, yb = next(iter(other.loader))
        torch.autograd.backward(nn.functional.mse_loss(other.model(xb), yb))
        other.optimizer.step()
        assert bench.weights == other.weights != [0.5] * 4
    assert bench.told == [(0, place) for place in range(6)]
    assert bench.made == [("I", 0)]


def test_an_epoch_ends_when_the_loader_has_no_more(bench: Bench) -> None:
    bench.run(["I", 0], *STEP * 3, ["E", 0, 0])
    assert bench.recorder.steps == 3


@pytest.mark.parametrize(
    "ops",
    [
        [["C", "clip_grad_norm_", 0.1, 2.0], ["C", "clip_grad_value_", 0.1, 2.0, [0, 1]]],
        [["C", "clip_grad_norm_", "inf", "inf"], ["C", "clip_grad_norm_", float("inf"), 2.0]],
        [["N", 7], ["S", 0], ["H", 0]],
        [["Q", "ask", [1, "two", None], "t", True], FORWARD],
        [["O", "Adam", [[[0], {"lr": 0.1, "betas": {"l": [0.5, 0.5]}, "foreach": None}]]], ["S", -2]],
        [["M", 1, ["d", 0], 3, True, False, -1], ["I", 1], ["D", 1, 0]],
        [["M", 1, ["t", [["d", 0, 0, [4, [8, 1], [1, 1]]]]], 3, False, False, -1], ["I", 1], ["D", 1, 0]],
        [["A", ["L", 0], [["p", 0, 0, None]]]],
        [["=", "torch.Tensor.mul_", [{"r": ["g", 0, 0, None]}, 0.5], NOTHING, 1]],
        SCALED,
        [["S", 0, [["Z", 0, True], FORWARD, MSE, ["B", ["L", 0], "none", False]]]],
        [["Y", [["p", place, 0, None] for place in range(4)]]],
        [["f", 0, "ee" + "e", [["b", 0, 0, None]], "bfloat16"], ["l", *MSE[1:]]],
        [["B", ["+", [["/", ["L", 0], 4], ["*", ["mean", ["f", 0, 0, None]], 2.0]]], "none", True]],
    ],
)
def test_what_can_be_done_is_done(bench: Bench, ops: list[Any]) -> None:
    retained = [*STEP[:4], ["B", ["L", 0], "none", True]]
    bench.run(["I", 0], *retained, *ops)


def test_a_rate_of_the_exercise_at_its_own_step_is_told_from_any_other() -> None:
    setting = ["R", 0, [[0, "lr"]]]
    for rates, numbers, own in (
        ([0.5, 0.25], [[0.5, 1], [0.25, 1]], False),
        ([0.25, 0.5], [[0.5, 1], [0.25, 1]], True),
        ([0.5], [[0.5, 2]], True),
        ([], [[0.5, 2]], True),
    ):
        bench = Bench()
        bench.things.rates = rates
        machine = bench.run(["I", 0], setting, *STEP, setting, *STEP, numbers=numbers)
        assert machine.own_rates is own
        bench.spies.remove()


def test_settings_take_the_next_numbers(bench: Bench) -> None:
    setting = ["R", 0, [[0, "lr"]]]
    bench.run(["I", 0], *STEP[:-1], setting, ["S", 0], setting, setting, numbers=[[0.25, 2.0], [0.5, 1]])
    assert bench.optimizer.param_groups[0]["lr"] == 0.5
    assert bench.recorder.steps == 1


def test_constants_stand_in_for_placeholders(bench: Bench) -> None:
    fill = ["~", "torch.Tensor.fill_", [PARAMETER, {"#": 0}], NOTHING, 1]
    bench.run(fill, items=[[0, 3]], constants=[[0.25, 2], [0.75, 1]])
    assert bench.weights[0] == 0.75
    with pytest.raises(Contradiction):
        bench.run(fill, items=[[0, 2]], constants=[[0.25, 1]])


def test_values_live_for_two_stretches_or_as_long_as_somebody_speaks_of_them(bench: Bench) -> None:
    make = ["=", "torch.ones", [2], NOTHING, 1]
    use = ["=", "torch.Tensor.add", [{"r": ["v", 1, 0, None]}, 1], NOTHING, 1]
    with pytest.raises(Contradiction):
        bench.run(make, use)
    bench.run(make, ["=", "torch.Tensor.add", [{"r": ["v", 0, 0, None]}, 1], NOTHING, 1])
    bench.run(make, ["=", "torch.Tensor.add", [{"r": ["w", 0, 0, None]}, 1], NOTHING, 1], items=[[0, 9]])


def test_evaluations_count_as_losses_where_all_is_traced_only() -> None:
    ops = [["I", 0], *STEP[:4], ["l", "mse_loss", [["b", 0, 1, None], ["b", 0, 1, None]], {}]]
    for traced in (False, True):
        with benched(traced=traced) as bench:
            if traced:
                with pytest.raises(Contradiction):
                    bench.run(*ops, ["B", ["L", 0], "none", False])
            else:
                bench.run(*ops, ["B", ["L", 0], "none", False])


# ── what is wrong is refused ─────────────────────────────────────────────────────────────────────

NAN, INF, HUGE = float("nan"), float("inf"), 10**400
NO_NUMBERS: list[Any] = [-1, True, False, None, 0.0, NAN, INF, "0", [], [0], {}]


@pytest.mark.parametrize("value", [*NO_NUMBERS, -HUGE])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(Contradiction):
        index(value)


@pytest.mark.parametrize("value", [True, None, NAN, INF, -INF, "0", [], {}])
def test_what_is_no_finite_number_is_refused(value: Any) -> None:
    with pytest.raises(Contradiction):
        number(value)


UNKNOWN: dict[str, list[Any]] = {
    "an unknown letter": ["W"],
    "no letter": [""],
    "a longer one": ["Forward", 0],
    "what the file did not tell": ["?", "F", "an input of the model"],
    "one that is not quiet": ["?", "f", "an input of the model", 1],
    "a step that is": ["?", "S", "something", True],
    "no more than that": ["?"],
    "a function that is not the exercise's": ["Q", "system", [], "t", True],
    "a loss that is none": ["L", "dropout", [["b", 0, 0, None]] * 2, {}],
    "a loss's option": ["L", "mse_loss", [["b", 0, 0, None]] * 2, {"weight": 1}],
    "an optimizer that is none": ["O", "Optimizer", [[[0], {}]]],
    "an optimizer elsewhere": ["O", "optimizer.SGD", [[[0], {}]]],
    "an optimizer that was not made": ["S", 7],
    "a module that was not made": ["F", 7, "t", []],
    "a loader that was not made": ["I", 7],
    "a parameter that was not made": ["B", ["p", 99, 0, None], "none", False],
    "a scaler that was not made": ["T", 0],
    "a setting": ["R", 0, [[0, "params"]]],
    "another clip": ["C", "get_total_norm", 1.0, 2.0],
    "an expression": ["B", ["exp", ["p", 0, 0, None]], "none", False],
    "a size beyond all": ["=", "torch.zeros", [1 << 40], NOTHING, 1],
    "a generator of many": ["=", "torch.rand", [1], {"m": {"generator": {"g": [99, 0]}}}, 1],
}
CONTRADICTIONS: dict[str, Any] = {
    "nothing": [],
    "a word": "F",
    "a number": 3,
    "an object": {"F": 0},
    "a letter that is none": [3],
    "a list for a letter": [["F"]],
    "too few operands": ["F"],
    "too many operands": ["F", 0, "t", [], "", False, 0],
    "too many for what is not told": ["?", "f", "why", True, 0],
    "a batch before any": FORWARD,
    "a loss before any": ["B", ["L", 0], "none", False],
    "an old loss": ["B", ["L", 63], "none", False],
    "modes of other layers": ["F", 0, "tt", []],
    "modes that are none": ["F", 0, "x", []],
    "modes of no layer": ["F", 0, "", []],
    "a precision": ["F", 0, "t", [], "int8"],
    "a draw before a pass": ["D", 0, 0],
    "a pass that was not begun": ["E", 0, 0],
    "a gradient that is not there": ["B", ["sum", ["p", 0, 0, None]], ["none"], False, ["g", 0, 0, None]],
    "a buffer that is not there": ["=", "torch.clone", [{"r": ["u", 0, 99, None]}], NOTHING, 1],
    "data that is not there": ["=", "torch.clone", [{"r": ["d", 0, 2, None]}], NOTHING, 1],
    "an operand of no kind": ["F", 0, "t", [["x", 0, 0, None]]],
    "an operand without a view": ["F", 0, "t", [["d", 0, 0]]],
    "an operand that is an object": ["F", 0, "t", [{"d": 0}]],
    "a view out of bounds": ["F", 0, "t", [["d", 0, 0, [20, [8, 1], [1, 1]]]]],
    "a view far out of bounds": ["F", 0, "t", [["d", 0, 0, [1 << 60, [8, 1], [1, 1]]]]],
    "a view by a huge stride": ["F", 0, "t", [["d", 0, 0, [0, [8, 1], [HUGE, 1]]]]],
    "a view before the beginning": ["F", 0, "t", [["d", 0, 0, [-1, [8, 1], [1, 1]]]]],
    "a view backwards": ["F", 0, "t", [["d", 0, 0, [0, [8, 1], [-1, 1]]]]],
    "a view of another dimension": ["F", 0, "t", [["d", 0, 0, [0, [8, 1], [1]]]]],
    "a view of no type": ["F", 0, "t", [["d", 0, 0, ["complex64", [24, 1]]]]],
    "a view of another size": ["F", 0, "t", [["d", 0, 0, ["float32", [23, 1]]]]],
    "a view that is none": ["F", 0, "t", [["d", 0, 0, 5]]],
    "an expression that is none": ["B", 7, "none", False],
    "an empty expression": ["B", [], "none", False],
    "an empty sum": ["B", ["+", []], "none", False],
    "a sum of itself": ["B", ["+"], "none", False],
    "a number of none": ["B", ["*", ["sum", ["p", 0, 0, None]], NAN], "none", False],
    "a number that is infinite": ["B", ["*", ["sum", ["p", 0, 0, None]], INF], "none", False],
    "a leaf goes backward without a number": ["B", ["p", 0, 0, None], "none", False, ["d", 0, 0, None]],
    "a clip at nothing": ["C", "clip_grad_norm_", NAN, 2.0],
    "a clip of no parameters": ["C", "clip_grad_norm_", 1.0, 2.0, 7],
    "an optimizer made before all others": ["S", -3],
    "an optimizer of nothing": ["O", "SGD", []],
    "an optimizer of a parameter twice": ["O", "SGD", [[[0], {}], [[0], {}]]],
    "an optimizer at a rate of nothing": ["O", "SGD", [[[0], {"lr": NAN}]]],
    "an optimizer at no rate": ["O", "SGD", [[[0], {"lr": -1.0}]]],
    "a capturable optimizer": ["O", "SGD", [[[0], {"betas": {"x": 1}}]]],
    "numbers that are used up": ["R", 0, [[0, "lr"]]],
    "a group that is not there": ["R", 0, [[5, "lr"]]],
    "a loader of nothing": ["M", 1, ["t", []], 4, False, False, -1],
    "a loader of batches of none": ["M", 1, ["d", 0], 0, False, False, -1],
    "a loader of other sizes": ["M", 1, ["t", [["d", 0, 0, None], ["p", 0, 0, None]]], 4, False, False, -1],
    "a loader of another number": ["M", 5, ["d", 0], 4, False, False, -1],
    "a seed below nothing": ["N", -1],
    "a seed beyond all": ["N", HUGE],
    "a scheduler that is none": ["H", [0]],
    "a scaler that scaled nothing": ["S", 0, None, [0]],
    "a scaler with an unknown setting": ["G", 0, True, {"device": "cuda"}],
    "a function without a name": ["=", None, [], NOTHING, 1],
    "a function of many names": ["=", ["torch.add"], [], NOTHING, 1],
    "a function that gives another number": ["=", "torch.ones", [2], NOTHING, 2],
    "a function that gives too much": ["=", "torch.ones", [2], NOTHING, 1 << 20],
    "a function that gives less than nothing": ["=", "torch.ones", [2], NOTHING, -1],
    "a function without its arguments": ["=", "torch.add", [], NOTHING, 1],
    "a function with named ones that are none": ["=", "torch.ones", [2], None, 1],
    "a function with an unknown name": ["=", "torch.ones", [2], {"m": {"x": 1}}, 1],
    "a function on another device": ["=", "torch.ones", [2], {"m": {"device": "cuda"}}, 1],
    "an argument of two kinds": ["=", "torch.ones", [{"l": [], "i": []}], NOTHING, 1],
    "a bare list": ["=", "torch.ones", [[2]], NOTHING, 1],
    "constants that are used up": ["=", "torch.add", [PARAMETER, {"#": 0}], NOTHING, 1],
    "an unknown type": ["=", "torch.ones", [2], {"m": {"dtype": {"d": "object"}}}, 1],
    "an index out of bounds": ["=", "torch.Tensor.__getitem__", [PARAMETER, 5], NOTHING, 1],
    "a view of no elements there": ["=", "torch.Tensor.view", [PARAMETER, 7], NOTHING, 1],
    "a slice of four": ["=", "torch.Tensor.__getitem__", [PARAMETER, {"s": [0, 1, 1, 1]}], NOTHING, 1],
    "a value that was never made": ["=", "torch.add", [{"r": ["v", 0, 0, None]}, 1], NOTHING, 1],
    "a value of the future": ["=", "torch.add", [{"r": ["v", 1, 0, None]}, 1], NOTHING, 1],
    "a value of a huge stretch": ["=", "torch.add", [{"r": ["w", HUGE, 0, None]}, 1], NOTHING, 1],
    "a leaf is written": ["=", "torch.Tensor.add_", [PARAMETER, 1], NOTHING, 1],
    "a closure that is none": ["S", 0, [7]],
    "a closure that is a word": ["S", 0, "closure"],
    "a sum nested too deeply": None,
    "an argument nested too deeply": None,
}
deep: Any = ["sum", ["p", 0, 0, None]]
within: Any = 1
for _ in range(40):
    deep, within = ["-", deep], {"l": [within]}
CONTRADICTIONS["a sum nested too deeply"] = ["B", deep, "none", False]
CONTRADICTIONS["an argument nested too deeply"] = ["=", "torch.tensor", [within], NOTHING, 1]


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_on_the_list_cannot_be_done(bench: Bench, name: str) -> None:
    with pytest.raises(Cannot):
        bench.run(UNKNOWN[name])
    assert bench.weights == [0.5] * 4


def test_a_scaled_step_that_overflows_on_other_data_is_left_out_and_the_scale_falls(bench: Bench) -> None:
    bench.things.careful = True
    huge = ["~", "torch.Tensor.mul_", [{"r": ["g", 0, 0, None]}, 1e30], NOTHING, 1]
    before = bench.weights
    made, scaled, backward, _, step, update = SCALED
    bench.run(["I", 0], *STEP[:4], made, scaled, backward, *[huge] * 3, step, update)
    assert bench.weights == before
    scaler = bench.spies.scaler_at(0)
    assert scaler is not None
    assert scaler.get_scale() == 2.0


@pytest.mark.parametrize("name", SMUGGLED)
def test_no_function_writes_data_into_a_parameter(bench: Bench, name: str) -> None:
    with pytest.raises(Cannot, match="not from a gradient"):
        bench.run(*READY, SMUGGLED[name])


def test_what_works_in_place_when_asked_to_is_a_change_by_hand(bench: Bench) -> None:
    relu = ["~", "torch.nn.functional.relu", [PARAMETER], {"m": {"inplace": True}}, 1]
    assert bench.run(relu).by_hand
    assert not bench.run([*relu[:3], NOTHING, 1]).by_hand
    column = ["=", "torch.ones", [4, 1], NOTHING, 1]
    norm = [
        "=",
        "torch.nn.functional.batch_norm",
        [VALUE, {"r": ["u", 0, 0, None]}, {"r": ["u", 0, 1, None]}],
    ]
    assert not bench.run(column, [*norm, {"m": {"weight": BIAS, "training": True}}, 1]).by_hand


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_what_cannot_have_been_is_a_contradiction(bench: Bench, name: str) -> None:
    with pytest.raises(Contradiction):
        bench.run(CONTRADICTIONS[name])
    assert bench.weights == [0.5] * 4


@pytest.mark.parametrize("kind", sorted(_OPERATIONS))
@pytest.mark.parametrize("value", [*NO_NUMBERS, HUGE], ids=repr)
def test_no_operation_takes_what_is_no_number(kind: str, value: Any) -> None:
    """However many operands it has, and whichever they are, it is refused or does nothing."""
    with benched() as bench:
        for operands in range(7):
            with contextlib.suppress(*REFUSED):
                bench.run(["I", 0], *STEP[:5], [kind, *[value] * operands])


@pytest.mark.parametrize("age", [1, 3, HUGE, -1, True, 0.0, None, "0", []])
def test_ages_beyond_what_was_made_are_refused(bench: Bench, age: Any) -> None:
    made = [["I", 0], *STEP[:4]]
    for op in (
        ["D", 0, age],
        ["E", 0, age],
        ["F", 0, "t", [["b", age, 0, None]]],
        ["F", 0, "t", [["f", age, 0, None]]],
        ["L", "mse_loss", [["l", age, 0, None]] * 2, {}],
        ["B", ["L", age], "none", False],
        ["F", 0, "t", [["v", age, 0, None]]],
        ["F", 0, "t", [["b", 0, age if age != 1 else 2, None]]],
    ):
        with pytest.raises(Contradiction):
            bench.run(*made, op)


def test_a_pass_that_is_over_gives_nothing_more(bench: Bench) -> None:
    draws = [["D", 0, 0]] * 3
    with pytest.raises(Contradiction, match="over"):
        bench.run(["I", 0], *draws, ["D", 0, 0])
    with pytest.raises(Contradiction, match="over"):
        bench.run(["I", 0], *draws, ["E", 0, 0], ["D", 0, 0])
    with pytest.raises(Contradiction, match="has more"):
        bench.run(["I", 0], *draws[:2], ["E", 0, 0])
    with pytest.raises(Contradiction):
        bench.run(*[["I", 0]] * 9, ["D", 0, 4])


@pytest.mark.parametrize(
    "name",
    [
        "torch.load",
        "torch.save",
        "torch.Tensor.numpy",
        "torch.Tensor.__reduce__",
        "torch.ops.aten.mul_",
        "torch.hub.load",
        "os.system",
        "torch.Tensor.set_",
        "",
    ],
)
def test_a_function_that_is_not_on_the_list_is_never_called(bench: Bench, name: str) -> None:
    if writes(name):  # what it would have written into a parameter is not known
        with pytest.raises(Cannot):
            bench.run(["~", name, [PARAMETER, 0.0], NOTHING, 1])
    else:
        bench.run(["~", name, [PARAMETER, "/etc/passwd"], NOTHING, 1])
    assert bench.weights == [0.5] * 4


POISON = ["=", "torch.Tensor.numpy", [PARAMETER], NOTHING, 1]
POISONED = {"r": ["v", 0, 0, None]}


def test_poison_that_nobody_uses_is_passed_over(bench: Bench) -> None:
    bench.run(POISON, ["=", "torch.add", [POISONED, 1], NOTHING, 1], ["I", 0], *STEP)
    assert bench.recorder.steps == 1
    bench.run(POISON, ["=", "torch.Tensor.add_", [POISONED, PARAMETER], NOTHING, 1])
    bench.run(["=", "torch.zeros", [{"?": "a size"}], NOTHING, 1])
    bench.run(["?", "f", "an input", True], ["?", "l", "an operand", True])


@pytest.mark.parametrize(
    "op",
    [
        ["~", "torch.Tensor.add_", [PARAMETER, POISONED], NOTHING, 1],
        ["~", "torch.Tensor.add_", [PARAMETER], {"m": {"other": POISONED}}, 1],
        ["~", "torch.Tensor.copy_", [PARAMETER, POISONED], NOTHING, 1],
        ["~", "torch.Tensor.__setitem__", [PARAMETER, 0, POISONED], NOTHING, 0],
        ["~", "torch.Tensor.grad.__set__", [PARAMETER, POISONED], NOTHING, 0],
        ["~", "torch.Tensor.data.__set__", [PARAMETER, {"?": "a tensor"}], NOTHING, 0],
        ["~", "torch._foreach_add_", [{"l": [PARAMETER]}, {"l": [POISONED]}], NOTHING, 1],
        ["~", "torch.Tensor.__iadd__", [PARAMETER, {"i": [POISONED]}], NOTHING, 1],
        ["F", 0, "t", [["v", 0, 0, None]]],
        ["F", 0, "t", [["v", 0, 0, [0, [1], [1]]]]],
        ["L", "mse_loss", [["v", 0, 0, None]] * 2, {}],
        ["B", ["v", 0, 0, None], "none", False],
        ["B", ["sum", ["p", 0, 0, None]], "none", False, ["v", 0, 0, None]],
        ["M", 1, ["t", [["v", 0, 0, None]]], 4, False, False, -1],
        ["Y", [["v", 0, 0, None]]],
    ],
)
def test_poison_that_is_used_is_refused(bench: Bench, op: list[Any]) -> None:
    with pytest.raises(Cannot):
        bench.run(POISON, op)
    assert bench.weights == [0.5] * 4


LINE = [0, [1], [1]]
LABELS = {"r": ["b", 0, 1, None]}
FLAT = {"r": ["p", 0, 0, LINE]}


@pytest.mark.parametrize(
    "op",
    [
        [
            "~",
            "torch.nn.functional.batch_norm",
            [LABELS, FLAT, {"r": ["p", 1, 0, None]}, None, None, True],
            NOTHING,
            1,
        ],
        [
            "~",
            "torch.nn.functional.batch_norm",
            [LABELS],
            {"m": {"running_mean": FLAT, "running_var": FLAT, "training": True}},
            1,
        ],
        ["~", "torch.batch_norm", [LABELS, None, None, FLAT, FLAT, True, 1.0, 0.1, False], NOTHING, 1],
        ["~", "torch.nn.functional.normalize", [LABELS, 2.0, 0, 0.1, PARAMETER], NOTHING, 1],
        ["~", "torch.norm", [LABELS, 2.0, 0, False, FLAT], NOTHING, 1],
        ["~", "torch.Tensor.copy_", [FLAT, {"r": ["b", 0, 1, LINE]}], NOTHING, 1],
        ["~", "torch.Tensor.copy_", [FLAT, {"r": ["u", 0, 0, None]}], NOTHING, 1],
    ],
)
def test_data_get_into_a_parameter_by_no_door(bench: Bench, op: list[Any]) -> None:
    with pytest.raises(Cannot, match="come from the data"):
        bench.run(["I", 0], ["D", 0, 0], op)
    assert bench.weights == [0.5] * 4


def test_a_function_that_works_in_place_changes_by_hand(bench: Bench) -> None:
    dropped = ["~", "torch.nn.functional.dropout", [PARAMETER, 1.0, True, True], NOTHING, 1]
    assert bench.run(dropped).by_hand
    assert bench.weights == [0.0, 0.5, 0.5, 0.5]
    assert not bench.run([*dropped[:2], [PARAMETER, 1.0, True], *dropped[3:]]).by_hand


def test_an_evaluation_that_was_passed_over_gives_nothing(bench: Bench) -> None:
    for op in (["F", 0, "t", [["f", 0, 0, None]]], ["B", ["f", 0, 0, None], "none", False]):
        with pytest.raises(Cannot):
            bench.run(["?", "f", "an input", True], op)
    with pytest.raises(Cannot):
        bench.run(["?", "l", "an operand", True], ["B", ["L", 0], "none", False])


def test_not_a_number_is_a_number_of_torch_s(bench: Bench) -> None:
    fill = ["~", "torch.Tensor.fill_", [PARAMETER, NAN], NOTHING, 1]
    bench.run(fill, ["I", 0], *STEP)
    assert bench.weights[0] != bench.weights[0]
    bench.run(["~", "torch.Tensor.fill_", [PARAMETER, -INF], NOTHING, 1])
    for value in (NAN, INF, "x", None, [1]):
        with pytest.raises(Contradiction):
            bench.run(["R", 0, [[0, "lr"]]], numbers=[[value, 1]])
        with pytest.raises(Contradiction):
            bench.run(["R", 0, [[0, "lr"]]], numbers=[[0.1, value]])
    with pytest.raises(Contradiction):
        bench.run(["R", 0, [[0, "lr"]]], numbers=[[HUGE, 1]])


def test_settings_that_break_a_step_are_a_contradiction(bench: Bench) -> None:
    made = ["O", "Adam", [[[0], {"lr": 0.1}]]]
    with pytest.raises(Contradiction):  # it divides by one minus this
        bench.run(["I", 0], *STEP[:-1], made, ["R", -2, [[0, "betas"]]], ["S", -2], numbers=[[1.0, 2]])
    with pytest.raises(Contradiction):
        bench.run(["I", 0], *STEP[:-1], ["O", "Adam", [[[0], {"capturable": True}]]], ["S", -2])
    with pytest.raises(Contradiction):
        bench.run(["G", 0, True, {}], ["S", 0, None, 0])
    with pytest.raises(Contradiction):
        bench.run(["T", 0])


def test_only_so_much_is_made(bench: Bench) -> None:
    many = [["O", "SGD", [[[0], {"lr": 0.1}]]] for made in range(100)]
    bench.run(*many, ["Z", -2, True], ["Z", -65, True])
    with pytest.raises(Cannot):
        bench.run(*many, ["Z", -66, True])
    with pytest.raises((Cannot, Contradiction)):
        bench.run(*[["M", 1 + made, ["d", 0], 4, False, False, -1] for made in range(100)])


# ── the order of scripts, and the time they take ─────────────────────────────────────────────────

nested: Any = [[0, 1]]
for _ in range(20):
    nested = [[nested, 1]]


@pytest.mark.parametrize(
    "items",
    [
        [0],
        [[0]],
        [[0, 0]],
        [[0, -1]],
        [[0, True]],
        [[0, 1.0]],
        [[0, None]],
        [[0, 1, 1]],
        [{"0": 1}],
        ["01"],
        nested,
        [[[[0, 1], 5], 1]],
    ],
)
def test_an_order_that_is_none_is_a_contradiction(bench: Bench, items: Any) -> None:
    with pytest.raises(Contradiction):
        bench.run(items=items)


@pytest.mark.parametrize("what", [1, -1, "0", None, True, 0.0, {}])
def test_a_script_that_was_not_told_cannot_be_run(bench: Bench, what: Any) -> None:
    with pytest.raises(Cannot):
        bench.run(items=[[what, 1]])


@pytest.mark.parametrize(
    "items",
    [
        [[0, 10**12]],
        [[0, HUGE]],
        [[[[0, 10**6]], 10**6]],
        [[[], 10**12]],
        [[[[[], 10**9]], 10**9]],
    ],
)
@pytest.mark.parametrize("ops", [[], [["Z", 0, True]]], ids=["nothing", "something"])
def test_billions_of_repetitions_end_by_the_deadline(bench: Bench, items: Any, ops: list[Any]) -> None:
    started = time.monotonic()
    with pytest.raises(TooLong):
        bench.run(*ops, items=items, seconds=0.1)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("closure", [[], [["Z", 0, False]]])
def test_a_step_that_calls_its_closure_without_end_does_too(bench: Bench, closure: list[Any]) -> None:
    without_end = {"lr": 1e-9, "max_iter": 10**9, "max_eval": 10**9}
    without_end |= {"tolerance_grad": -1.0, "tolerance_change": -1.0}
    made = ["O", "LBFGS", [[[0], without_end]]]
    with pytest.raises(TooLong):
        bench.run(["I", 0], *STEP[:-1], made, ["S", -2, closure], seconds=0.3)


def test_closures_within_closures_end(bench: Bench) -> None:
    op: Any = ["Z", 0, True]
    for _ in range(300):
        op = ["S", 0, [op, op]]
    with pytest.raises(REFUSED):
        bench.run(op, seconds=0.3)


# ── anything at all ──────────────────────────────────────────────────────────────────────────────

WORDS = (
    "torch.add torch.Tensor.add_ torch.Tensor.mul torch.Tensor.__getitem__ torch.ones torch.stack torch.load "
    "torch.Tensor.grad.__set__ torch.Tensor.view torch._foreach_add_ mse_loss l1_loss SGD Adam LBFGS lr betas "
    "clip_grad_norm_ none zero kept t e tt inf float32 ask reduction mean sum"
)
NAMES = st.sampled_from(WORDS.split())
KINDS = st.sampled_from(
    ["b", "f", "l", "p", "g", "u", "d", "v", "w", "L", "+", "-", "/", "*", "mean", "stack"]
)
SMALL = st.integers(-1, 3)
SCALARS = st.one_of(
    st.none(), st.booleans(), SMALL, st.floats(), NAMES, KINDS, st.sampled_from([HUGE, 1 << 62])
)
OPERANDS = st.one_of(
    st.tuples(KINDS, SMALL, SMALL, st.none() | st.lists(SMALL | st.lists(SMALL, max_size=2), max_size=3)).map(
        list
    ),
    st.just(["b", 0, 0, None]),
)
ANYTHING = st.recursive(
    SCALARS | OPERANDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["r", "l", "m", "s", "i", "e", "#", "d", "c", "f", "G", "g", "?"]), inner
        )
        | st.dictionaries(NAMES, inner, max_size=2),
    ),
    max_leaves=8,
)
LETTERS = st.sampled_from([*sorted(_OPERATIONS), "W"])
OPS = st.one_of(
    st.tuples(LETTERS, st.lists(ANYTHING, max_size=5)).map(lambda parts: [parts[0], *parts[1]]),
    st.tuples(
        st.sampled_from("=~"), NAMES, st.lists(OPERANDS.map(lambda r: {"r": r}) | ANYTHING, max_size=3)
    ).map(lambda parts: [*parts, {"m": {}}, 1]),
    st.sampled_from([["I", 0], *STEP]),
    ANYTHING,
)
RUNS = st.lists(st.tuples(SCALARS, SCALARS).map(list), max_size=2)
ITEMS = st.just([[0, 2]]) | st.lists(st.tuples(SMALL | ANYTHING, SMALL | SCALARS).map(list), max_size=3)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(ops=st.lists(OPS, max_size=6), items=ITEMS, numbers=RUNS, constants=RUNS)
def test_no_program_raises_anything_else(ops: list[Any], items: Any, numbers: Any, constants: Any) -> None:
    with benched() as bench, contextlib.suppress(*REFUSED):
        bench.run(["I", 0], *STEP, *ops, items=items, numbers=numbers, constants=constants, seconds=0.5)
    assert torch.is_grad_enabled()
    assert not torch.is_autocast_enabled("cpu")
