"""Scripts say of each step what it computed, of what; equal steps are one item of the program."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
import torch

from sandbox import trace
from sandbox.spies.steady import Steady
from tests.sandbox.watching import Seen, expand, watch

LOADER = "loader = DataLoader(data, 8)\n"
BODY = """\
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
"""
PLAIN = LOADER + "for epoch in range(EPOCHS):\n    for xb, yb in loader:\n" + BODY
LOSS = "criterion(model(xb), yb)"

FORWARD = ["F", 0, "t", [["b", 0, 0, None]]]
MSE = ["L", "mse_loss", [["f", 0, 0, None], ["b", 0, 1, None]], {"reduction": "mean"}]
BACKWARD = ["B", ["L", 0], "none", False]
STEP: list[list[Any]] = [["D", 0, 0], ["Z", -2, True], FORWARD, MSE, BACKWARD, ["S", -2]]

LONG = """\
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset
    x = torch.randn(800, 4, generator=torch.Generator().manual_seed(3))
    data = TensorDataset(x, x @ torch.tensor([[1.0], [2.0], [-1.0], [0.5]]))
    model, criterion = nn.Linear(4, 1), nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
"""
"""A hundred steps a pass: enough for most of them to be told by a comparison."""


def without_failures(seen: Seen) -> Seen:
    assert not seen.of(trace.Failure), seen.of(trace.Failure)[0].text
    return seen


def steps_of(loop: str, **names: Any) -> list[list[Any]]:
    """The operations of each step and of what follows the last, in the order of the program."""
    seen = without_failures(watch(loop, **names))
    scripts = {script.id: script.ops for script in seen.of(trace.Script)}
    program = seen.one(trace.Program)
    assert not program.truncated
    return [scripts[number] for number in expand(program.items)]


def step_of(loop: str) -> list[Any]:
    """The second step of three: nothing is made in it, and no pass begins."""
    return steps_of(loop, EPOCHS=1)[1]


def op_of(loop: str, kind: str) -> list[Any]:
    """The only operation of a kind in the second step."""
    found = [op for op in step_of(loop) if op[0] == kind]
    assert len(found) == 1
    op: list[Any] = found[0]
    return op


def with_loss(loss: str) -> str:
    return PLAIN.replace(LOSS, loss)


# ── one step ─────────────────────────────────────────────────────────────────────────────────────


def test_a_plain_step_is_told_operation_by_operation() -> None:
    first, second, third, rest = steps_of(PLAIN, EPOCHS=1)
    assert second == third == STEP
    assert [op[0] for op in first] == ["O", "?", "I", *(op[0] for op in STEP)]
    assert first[3:] == STEP
    assert rest == [["E", 0, 0]]


def test_a_script_is_json_and_comes_back_as_it_was() -> None:
    for script in watch(PLAIN, EPOCHS=1).of(trace.Script):
        assert trace.decode(trace.encode(script).rstrip()) == script


def test_accumulation_divides_each_loss() -> None:
    steps = steps_of(
        LOADER.replace("8", "3")
        + """\
for number, (xb, yb) in enumerate(loader):
    (criterion(model(xb), yb) / 4).backward()
    if number % 4 == 3:
        optimizer.step()
        optimizer.zero_grad()
"""
    )
    # Until an optimizer has stepped nobody knows where steps end: the first four batches stand alone.
    assert sum(op[0] == "S" for step in steps for op in step) == 2
    backwards = [op for step in steps for op in step if op[0] == "B"]
    assert backwards == [["B", ["/", ["L", 0], 4.0], before, False] for before in ["none", *["kept"] * 3] * 2]


@pytest.mark.parametrize(
    ("loss", "expression"),
    [
        (f"{LOSS} + nn.functional.l1_loss(model(xb), yb)", ["+", [["L", 1], ["L", 0]]]),
        (f"{LOSS} + 0.5 * nn.functional.l1_loss(model(xb), yb)", ["+", [["L", 1], ["*", ["L", 0], 0.5]]]),
        (f"sum([{LOSS}, {LOSS}])", ["+", [["+", [["L", 1]]], ["L", 0]]]),
        (f"-{LOSS}", ["-", ["L", 0]]),
        (f"torch.stack([{LOSS}, {LOSS}]).mean()", ["mean", ["stack", [["L", 1], ["L", 0]]]]),
        (f"{LOSS} * torch.tensor(3.0)", ["*", ["L", 0], 3.0]),
        ("model(xb).sum()", ["sum", ["f", 0, 0, None]]),
    ],
)
def test_what_goes_backward_is_an_expression_of_losses(loss: str, expression: Any) -> None:
    assert op_of(with_loss(loss), "B")[1] == expression


@pytest.mark.parametrize(
    "loss", ["((model(xb) - yb) ** 2).mean()", f"{LOSS}.sqrt()", f"1 / {LOSS}", f"{LOSS} * {LOSS}"]
)
def test_what_is_no_such_expression_cannot_be_told(loss: str) -> None:
    told = [op for op in step_of(with_loss(loss)) if op[0] in "B?"]
    assert told == [["?", "B", "what goes backward"]]


@pytest.mark.parametrize(
    ("given", "view"),
    [
        ("xb", None),
        ("xb.view(2, 4, 1)", [0, [2, 4, 1], [4, 1, 1]]),
        ("xb[2:5]", [2, [3, 1], [1, 1]]),
        ("xb[::2]", [0, [4, 1], [2, 1]]),
        ("xb.view(2, 4).t().reshape(8, 1)", None),
        ("xb * 1", ["float32", [8, 1]]),
    ],
)
def test_an_input_in_a_batch_s_memory_is_told_by_its_view(given: str, view: Any) -> None:
    loop = with_loss(f"model({given}).mean()")
    if "t()" in given:  # a copy in another order is none of these
        assert ["?", "F", "an input of the model", False] in step_of(loop)
    else:
        assert op_of(loop, "F") == ["F", 0, "t", [["b", 0, 0, view]]]


def test_views_are_operands_of_losses_too() -> None:
    told = op_of(with_loss("criterion(model(xb)[1:3].squeeze(), yb[4:6, 0])"), "L")
    assert told[2] == [["f", 0, 0, [1, [2], [1]]], ["b", 0, 1, [4, [2], [1]]]]


@pytest.mark.parametrize(
    ("clearing", "before"),
    [
        ("for p in model.parameters(): p.grad = None", "none"),
        ("for p in model.parameters(): p.grad is None or p.grad.zero_()", "zero"),
        ("pass", "kept"),
        ("optimizer.zero_grad(set_to_none=False)", "zero"),
    ],
)
def test_what_the_gradients_were_before_a_backward_is_told(clearing: str, before: str) -> None:
    assert op_of(PLAIN.replace("optimizer.zero_grad()", clearing), "B")[2] == before


def test_clearing_by_the_module_and_to_zero_is_told() -> None:
    assert op_of(PLAIN.replace("optimizer.zero_grad()", "model.zero_grad()"), "Z") == ["Z", -1, True]
    loop = PLAIN.replace("zero_grad()", "zero_grad(set_to_none=False)")
    assert op_of(loop, "Z") == ["Z", -2, False]


def test_modes_are_those_of_the_layers() -> None:
    made = "model = nn.Sequential(nn.Linear(1, 4), nn.Dropout(0.5), nn.Linear(4, 1)); model[1].eval()\n"
    assert op_of(made + PLAIN, "F")[2] == "ttet"
    assert op_of(made + "model.eval()\n" + PLAIN, "F")[2] == "e"


def test_an_evaluation_is_told_in_small_letters() -> None:
    evaluated = "torch.no_grad()(lambda: criterion(model(xb), yb))()"
    step = step_of(PLAIN.replace("optimizer.step()", f"{evaluated}; optimizer.step()"))
    assert step == [*STEP[:-1], ["f", *FORWARD[1:]], ["l", *MSE[1:]], STEP[-1]]


def test_a_forward_under_autocast_tells_the_type() -> None:
    loop = PLAIN.replace("model(xb)", "torch.autocast('cpu', torch.bfloat16)(model)(xb).float()")
    assert op_of(loop, "F")[4:] == ["bfloat16"]


def test_a_backward_that_keeps_its_graph_or_is_given_a_gradient_says_so() -> None:
    assert op_of(PLAIN.replace("backward()", "backward(retain_graph=True)"), "B")[3] is True
    loop = with_loss("model(xb)").replace("backward()", "backward(yb)")
    assert op_of(loop, "B") == ["B", ["f", 0, 0, None], "none", False, ["b", 0, 1, None]]


@pytest.mark.parametrize(
    ("call", "options"),
    [
        ("mse_loss(model(xb), yb, None, None, 'sum')", {"reduction": "sum"}),
        ("huber_loss(model(xb), yb, 'sum', 2.0)", {"reduction": "sum", "delta": 2.0}),
        ("smooth_l1_loss(model(xb), yb, beta=0.5)", {"beta": 0.5}),
    ],
)
def test_options_of_a_loss_go_by_their_names(call: str, options: dict[str, Any]) -> None:
    assert op_of(with_loss(f"nn.functional.{call}"), "L")[3] == options


# ── clips and seeds ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("clip", "op"),
    [
        ("clip_grad_norm_(model.parameters(), 0.5)", ["C", "clip_grad_norm_", 0.5, 2.0]),
        ("clip_grad_norm_([model.bias], 1)", ["C", "clip_grad_norm_", 1.0, 2.0, [1]]),
        ("clip_grad_norm_(model.weight, 1, norm_type=1)", ["C", "clip_grad_norm_", 1.0, 1.0, [0]]),
        ("clip_grad_value_(list(model.parameters()), 0.1)", ["C", "clip_grad_value_", 0.1, 2.0, [0, 1]]),
        ("clip_grad_norm_(model.parameters(), float('inf'))", ["C", "clip_grad_norm_", "inf", 2.0]),
        ("clip_grad_norm_(model.parameters(), torch.tensor(1.0))", ["?", "C", "a clip's limit"]),
    ],
)
def test_a_clip_tells_its_limit_and_whose_gradients(clip: str, op: list[Any]) -> None:
    loop = PLAIN.replace("optimizer.step()", f"torch.nn.utils.{clip}; optimizer.step()")
    assert op_of(loop, op[0]) == op


def test_a_seed_is_told_and_a_state_that_is_set_cannot_be() -> None:
    assert op_of(PLAIN.replace("optimizer.zero_grad()", "torch.manual_seed(7)"), "N") == ["N", 7]
    loop = PLAIN.replace("optimizer.zero_grad()", "torch.set_rng_state(torch.get_rng_state())")
    assert op_of(loop, "?") == ["?", "", "a generator's state"]


# ── loaders ──────────────────────────────────────────────────────────────────────────────────────


def made_loaders(loop: str) -> list[Any]:
    """The loaders that a loop makes, as they are told once a pass over the first has begun."""
    told = steps_of("first = DataLoader(data, 8)\nnext(iter(first))\n" + loop)[0]
    return [op for op in told if op[0] in "M?" and op[1] != 0][1:]


HALVES = [["d", 0, 0, [4, [8, 1], [1, 1]]], ["d", 0, 1, [0, [8, 1], [3, 1]]]]


@pytest.mark.parametrize(
    ("made", "op"),
    [
        ("DataLoader(data, 4)", ["M", 1, ["d", 0], 4, False, False, -1]),
        ("DataLoader(data, 5, True, drop_last=True)", ["M", 1, ["d", 0], 5, True, True, -1]),
        (
            "DataLoader(TensorDataset(*data.tensors), 4)",
            ["M", 1, ["t", [["d", 0, 0, None], ["d", 0, 1, None]]], 4, False, False, -1],
        ),
        (
            "DataLoader(TensorDataset(x[4:12], data.tensors[1][::3]), 4)",
            ["M", 1, ["t", HALVES], 4, False, False, -1],
        ),
        ("DataLoader(TensorDataset(x + 1), 4)", None),
        ("DataLoader(data, 4, sampler=torch.utils.data.RandomSampler(data, replacement=True))", None),
        ("DataLoader(data, 4, generator=torch.Generator())", None),
        ("DataLoader(data, 4, collate_fn=lambda rows: torch.zeros(4, 1))", None),
        ("DataLoader(list(range(24)), 4)", None),
    ],
)
def test_a_loader_that_the_file_makes(made: str, op: list[Any] | None) -> None:
    (told,) = made_loaders(f"next(iter({made}))\n")
    assert told == (op or ["?", "", "a loader that the file makes itself"])


def test_a_loader_is_never_made_of_its_own_data() -> None:
    steps = steps_of("next(iter(DataLoader(TensorDataset(x + 1, x + 2), 4)))\n")
    assert steps[0][-3:] == [["?", "", "a loader that the file makes itself"], ["I", 0], ["D", 0, 0]]


def test_passes_are_told_by_how_many_began_since() -> None:
    steps = steps_of(
        LOADER
        + """\
one = iter(loader); two = iter(loader)
next(one); next(two); next(one); next(one); next(one, None); next(one, None)
"""
    )
    assert [op for step in steps for op in step if op[0] in "IDE"] == (
        [["I", 0], ["I", 0], ["D", 0, 1], ["D", 0, 0], ["D", 0, 1], ["D", 0, 1], ["E", 0, 1], ["E", 0, 1]]
    )


def test_older_batches_and_outputs_are_told_by_their_age() -> None:
    loop = """
    loader = DataLoader(data, 8)
    (a, b), (c, d), (e, f) = loader
    one, two = model(a), model(c)
    (criterion(one, b) + criterion(two, d)).backward(); optimizer.step()
    """
    ops = steps_of(loop)[0]
    assert [op[3] for op in ops if op[0] == "F"] == [[["b", 2, 0, None]], [["b", 1, 0, None]]]
    assert [op[2] for op in ops if op[0] == "L"] == (
        [[["f", 1, 0, None], ["b", 2, 1, None]], [["f", 0, 0, None], ["b", 1, 1, None]]]
    )


# ── what cannot be told ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("loss", "op"),
    [
        ("criterion(model(2 * xb), yb)", ["?", "F", "an input of the model", False]),
        ("criterion(model(input=xb), yb)", ["?", "F", "an input of the model", False]),
        ("criterion(model(xb), 2 * yb)", ["?", "L", "an operand of the loss", True]),
        ("criterion(input=model(xb), target=yb)", None),
        ("criterion(model(xb) + 1, yb)", ["?", "L", "an operand of the loss", True]),
        (
            "nn.functional.binary_cross_entropy_with_logits(model(xb), yb, weight=xb.abs())",
            ["?", "L", "an operand of the loss", True],
        ),
    ],
)
def test_unknown_operands_are_said_to_be_unknown(loss: str, op: list[Any] | None) -> None:
    told = [told for told in step_of(with_loss(loss)) if told[0] == "?"]
    assert told == ([] if op is None else [op])


def test_an_evaluation_of_something_unknown_need_not_be_told() -> None:
    evaluated = "model.eval(); torch.no_grad()(model)(xb * 2); model.train()"
    loop = PLAIN.replace("optimizer.step()", f"{evaluated}; optimizer.step()")
    assert op_of(loop, "?") == ["?", "f", "an input of the model", True]


def test_a_second_forward_without_its_backward_is_told_all_the_same() -> None:
    steps = steps_of(PLAIN.replace("loss.backward()", "loss.backward(); model(xb)"), EPOCHS=1)
    assert [[op[0] for op in step] for step in steps[1:]] == [["F", "S"], *[list("DZFLBFS")] * 2, ["E"]]


# ── the program ──────────────────────────────────────────────────────────────────────────────────


def test_equal_steps_are_one_item_over_several_epochs_too() -> None:
    items = watch(PLAIN, EPOCHS=9).one(trace.Program).items
    assert items == [[0, 1], [[[1, 2], [2, 1]], 8], [1, 2], [3, 1]]


def test_a_long_run_is_a_short_program() -> None:
    seen = without_failures(watch(PLAIN, setup=LONG, shapes=[[1, 4], [1]], EPOCHS=30))
    program = seen.one(trace.Program)
    assert program.items == [[0, 1], [[[1, 99], [2, 1]], 29], [1, 99], [3, 1]]
    assert len(seen.of(trace.Script)) == 4
    assert seen.of(trace.Script)[1].ops == STEP


def test_too_many_kinds_of_steps_are_a_truncated_program() -> None:
    loop = """
    xb, yb = data.tensors
    for step in range(240):
        optimizer.zero_grad(); (criterion(model(xb), yb) * (1 + step)).backward(); optimizer.step()
    """
    assert watch(loop).one(trace.Program).truncated


def test_a_closure_of_too_many_operations_cannot_be_told() -> None:
    loop = """
    def closure():
        for weight in range(200):
            optimizer.zero_grad(); (criterion(model(data.tensors[0]), data.tensors[1]) * weight).backward()
    optimizer.step(closure)
    """
    ops = [op for step in steps_of(loop) for op in step]
    assert ["?", "", "a closure of too many operations"] in ops
    assert not any(op[0] == "S" and len(op) > 2 for op in ops)


def program_of(loop: str) -> tuple[list[tuple[int, list[Any]]], list[int], list[list[float]]]:
    torch.manual_seed(3)
    seen = without_failures(watch(textwrap.dedent(loop), setup=LONG, shapes=[[1, 4], [1]], EPOCHS=4))
    scripts = [(script.id, script.ops) for script in seen.of(trace.Script)]
    program = seen.one(trace.Program)
    return scripts, expand(program.items), program.numbers


SOMETIMES = {
    "an evaluation": "model.eval(); torch.no_grad()(model)(xb); model.train()",
    "a loss of the target": "torch.no_grad()(criterion)(yb, yb)",
    "another forward": "model(xb)",
    "another loss": "loss = loss + nn.functional.l1_loss(model(xb), yb)",
    "a part of the batch": "optimizer.zero_grad(); loss = criterion(model(xb[:4]), yb[:4])",
    "a clip": "torch.nn.utils.clip_grad_norm_([model.bias], 1.0)",
    "half the loss": "loss = loss / 2",
    "another rate": "optimizer.param_groups[0]['lr'] *= 0.5",
    "no step": "continue",
}


@pytest.mark.parametrize("name", SOMETIMES)
def test_a_step_that_is_another_from_its_midst_on_is_told_as_in_full(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat = f"        if epoch == 2 and 0 < float(xb[0, 0]) < 0.05: {SOMETIMES[name]}\n"
    loop = PLAIN.replace("        loss.backward()\n", beat + "        loss.backward()\n")
    scripts, order, numbers = program_of(loop)
    with monkeypatch.context() as patch:
        patch.setattr(Steady, "_enter", lambda *_: None)
        assert (scripts, order, numbers) == program_of(loop)
    odd = [ops for number, ops in scripts[1:] if number in order and ops[0][0] == "D" and ops != STEP]
    assert odd
    assert not any(op[0] == "?" for ops in odd for op in ops), odd


def test_outputs_that_go_backward_themselves_are_told_in_steady_steps_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = with_loss("model(xb).mean()").replace(
        "        loss.backward()\n", "        if epoch == 2: model(xb)\n        loss.backward()\n"
    )
    steady = program_of(loop)
    monkeypatch.setattr(Steady, "_enter", lambda *_: None)
    assert steady == program_of(loop)
    assert ["B", ["mean", ["f", 1, 0, None]], "none", False] in [op for _, ops in steady[0] for op in ops]


# ── what was made before steady steps ────────────────────────────────────────────────────────────

LATER = {
    "a batch": ("kept = xb, yb", "loss = criterion(model(kept[0]), kept[1])"),
    "an output": ("kept = model(xb)", "loss = criterion(kept, yb)"),
    "an output's graph": ("kept = model(xb)", "loss = kept.mean()"),
    "a loss": ("kept = criterion(model(xb), yb)", "loss = loss + kept"),
}


@pytest.mark.parametrize("name", LATER)
def test_what_is_used_after_many_steady_steps_is_not_taken_for_something_newer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is as old as it would be had every step been told in full, or it cannot be told."""
    keep, use = LATER[name]
    loop = PLAIN.replace("for xb, yb in loader:", "for number, (xb, yb) in enumerate(loader):")
    loop = loop.replace(
        "        optimizer.step()\n",
        f"        if epoch == 2 and number == 20: {keep}\n        optimizer.step()\n",
    ).replace(
        "        loss.backward()\n",
        f"        if epoch == 2 and number == 60: {use}\n        loss.backward()\n",
    )
    steady = program_of(loop)
    monkeypatch.setattr(Steady, "_enter", lambda *_: None)
    assert steady == program_of(loop)


def test_micro_batches_left_in_their_midst_tell_the_right_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = """
    loader = DataLoader(data, 8)
    for epoch in range(6):
        for number, (xb, yb) in enumerate(loader):
            loss = criterion(model(xb), yb) / 4
            (loss / 2 if epoch == 3 and number == 42 else loss).backward()
            if number % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
    """
    steady = program_of(loop)
    monkeypatch.setattr(Steady, "_enter", lambda *_: None)
    assert steady == program_of(loop)
    odd = ["B", ["/", ["/", ["L", 0], 4.0], 2.0], "kept", False]
    assert sum(op == odd for _, ops in steady[0] for op in ops) == 1
