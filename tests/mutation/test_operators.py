"""The mutator: which mutants a loop has, and that they are always the same ones."""

from __future__ import annotations

import ast

import pytest

from tests.mutation.beats import kinds
from tests.mutation.bench import all_mutants
from tests.mutation.operators import OPERATORS, Mutant, mutants

LOOP = """
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y) / 2
            loss.backward()
            optimizer.step()
    return []
"""


def made(source: str, operator: str) -> list[Mutant]:
    return [mutant for mutant in mutants(source) if mutant.operator == operator]


def body_of(mutant: Mutant) -> list[str]:
    """The lines of the innermost loop."""
    loops = [node for node in ast.walk(ast.parse(mutant.source)) if isinstance(node, ast.For)]
    return [ast.unparse(statement) for statement in loops[-1].body]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("optimizer.zero_grad(set_to_none=False)", {"clear"}),
        ("p.grad = None", {"clear"}),
        ("p.grad.data.zero_()", {"clear"}),
        ("for p in model.parameters():\n    p.grad = None", {"clear"}),
        (
            "for p in parameters:\n    if p.grad is not None:\n        p.grad.detach_()\n        p.grad.zero_()",
            {"clear"},
        ),
        ("for x in loader:\n    optimizer.zero_grad()\n    loss.backward()", set()),
        ("criterion(self.model(x), y).backward()", {"forward", "loss", "backward"}),
        ("grads = torch.autograd.grad(loss, parameters)", {"backward"}),
        ("torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)", {"clip"}),
        ("scaler.unscale_(optimizer)", {"unscale"}),
        ("scaler.step(optimizer)", {"step"}),
        ("scaler.update()", {"scaler-update"}),
        ("scheduler.step()", {"schedule"}),
        ("for group in optimizer.param_groups:\n    group['lr'] = rate", {"schedule"}),
        ("with torch.no_grad():\n    for p in model.parameters():\n        p -= rate * p.grad", {"update"}),
        ("p.grad.div_(4)", {"average"}),
        ("model.eval()", {"mode"}),
        ("loader.set_epoch(epoch)", {"set-epoch"}),
        ("total += loss.item()", set()),
        ("self.training_step(x, y)", set()),
    ],
)
def test_a_beat_is_found_in_all_its_spellings(text: str, expected: set[str]) -> None:
    assert kinds(ast.parse(text).body[0]) == expected


def test_every_beat_is_dropped_once() -> None:
    assert [mutant.description for mutant in made(LOOP, "drop")] == [
        "drop `optimizer.zero_grad()` (line 5)",
        "drop `loss = criterion(model(x), y) / 2` (line 6)",
        "drop `loss.backward()` (line 7)",
        "drop `optimizer.step()` (line 8)",
    ]


def test_a_beat_is_moved_to_every_other_place_that_no_swap_reaches() -> None:
    orders = {tuple(body_of(mutant)) for operator in ("swap", "move") for mutant in made(LOOP, operator)}
    beats = (
        "optimizer.zero_grad()",
        "loss = criterion(model(x), y) / 2",
        "loss.backward()",
        "optimizer.step()",
    )
    expected = set()
    for index in range(4):
        for target in range(4):
            order = list(beats)
            order.insert(target, order.pop(index))
            expected.add(tuple(order))
    assert orders == expected - {beats}


def test_a_beat_leaves_its_loop_on_both_sides() -> None:
    sources = [mutant.source for mutant in made(LOOP, "reindent") if "zero_grad" in mutant.description]
    before, behind = (source.index("zero_grad") < source.index("for x, y") for source in sources)
    assert (before, behind) == (True, False)


def test_divisors_are_dropped_and_turned_over() -> None:
    texts = [body_of(mutant)[1] for mutant in made(LOOP, "divisor")]
    assert texts == [
        "loss = criterion(model(x), y)",
        "loss = criterion(model(x), y) * 2",
        "loss = criterion(model(x), y) / (2 * 2)",
    ]


def test_no_mutant_equals_the_original_or_another_and_all_parse() -> None:
    trees = [ast.dump(ast.parse(mutant.source)) for mutant in mutants(LOOP)]
    assert len(set(trees)) == len(trees)
    assert ast.dump(ast.parse(LOOP)) not in trees


def test_the_same_file_has_the_same_mutants_always() -> None:
    assert list(mutants(LOOP)) == list(mutants(LOOP))


def test_there_are_at_least_five_hundred_and_every_operator_has_some() -> None:
    everything = all_mutants(["linreg-torch", "mnist-from-memory"])
    assert len(everything) >= 500
    missing = set(OPERATORS) - {mutant.operator for mutant in everything}
    assert missing <= {"unscale", "schedule"}  # neither exercise has a scaler or a schedule
