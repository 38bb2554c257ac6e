"""The cases of gradients-by-hand and their right answers, drawn from a challenge.  Only the examiner runs this."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grader.examiner.answers import Answer, Answers, Judgement, described, numbers_of

Files = dict[str, bytes]
Case = dict[str, Any]
Pair = tuple[float, float]
Shapes = list[tuple[float, ...]]

TOLERANCE = 1e-5
"""Relative: single precision is good enough."""
NEURONS = 5
QUARTERS = [step / 4 for step in range(-14, 15) if abs(step) not in (0, 2, 4)]
"""Numbers that binary floats hold exactly; 0, 1 and 1/2 would hide a missing factor."""


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """The cases as "cases.json", no hidden files and no parameters.

    The first case of each function is the lesson's; all others follow from the seed "train".  In one case the
    neuron is exactly right, so that both gradients are 0.
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    nets: list[Case] = [{"batch": 64, "sizes": [784, 128, 10]}]
    for layers in (2, 4, 5):
        sizes = [int(size) for size in random.choice(np.arange(2, 900), size=layers, replace=False)]
        nets.append({"batch": int(random.integers(901, 2000)), "sizes": sizes})
    nets.append({"batch": 1, "sizes": [int(size) for size in random.integers(2, 900, size=3)]})

    neurons: list[Case] = [{"w": 2, "b": 1, "x": 3, "target": 5}]
    whole = [int(value) for value in random.integers(2, 9, size=3)]
    neurons.append({"w": -whole[0], "b": whole[1], "x": whole[2], "target": whole[1] - whole[0] * whole[2]})
    while len(neurons) < 2 + NEURONS:
        w, b, x, target = (float(value) for value in random.choice(QUARTERS, size=4))
        if abs(w * x + b - target) >= 1.5:
            neurons.append({"w": w, "b": b, "x": x, "target": target})
    cases = {"shapes": nets, "gradients": neurons}
    for items in cases.values():
        for item in items:
            item["case"] = ", ".join(f"{name} = {value}" for name, value in item.items())
    return {"cases.json": json.dumps(cases).encode()}, {}, {}


# ── judging ──────────────────────────────────────────────────────────────────────────────────────


def judge(
    answers: Answers, training: Files, hidden: Files, parameters: dict[str, int | float | str]
) -> Judgement:
    """Compare what both functions gave in every drawn case; at most one finding a function and slug."""
    judgement = Judgement()
    cases = json.loads(training["cases.json"])
    given = {
        function: [(item, answers.case(function, item["case"])) for item in cases[function]]
        for function in ("shapes", "gradients")
    }
    _shapes(judgement, given["shapes"])
    _gradients(judgement, given["gradients"])
    for function, pairs in given.items():
        for item, answer in pairs:
            if answer is not None and answer.mutated:
                names = " and ".join(f"`{name}`" for name in answer.mutated)
                evidence = f"After `{function}` was called with {item['case']}, {names} held other values."
                judgement.found("input-mutated", function, evidence)
                break
    return judgement


def _shapes(judgement: Judgement, pairs: list[tuple[Case, Answer | None]]) -> None:
    known = [(item, answer) for item, answer in pairs if answer is not None]
    if len(known) < len(pairs):
        judgement.unknown("wrong-value", "shapes", "what `shapes` gave was not recorded for every case")
        return
    for item, answer in known:
        if shapes_of(answer.value) is None:
            call = f"`shapes({item['batch']}, {item['sizes']})`"
            evidence = f"{call} gave {shown(answer.value)}, not a list of shapes."
            judgement.found("wrong-shape", "shapes", evidence)
            return
    for item, answer in known:
        expected, got = activations(item), shapes_of(answer.value)
        if got != expected:
            fits = (
                name
                for name, wrong in SHAPE_SLIPS.items()
                if all(shapes_of(other.value) == wrong(case) for case, other in known)
            )
            slip = next(fits, "")
            evidence = (
                f"`shapes({item['batch']}, {item['sizes']})` gave {shown(answer.value)}; right is {expected}."
                f"{' ' if slip else ''}{slip}"
            )
            judgement.found("wrong-value", "shapes", evidence)
            return


def _gradients(judgement: Judgement, pairs: list[tuple[Case, Answer | None]]) -> None:
    known = [(item, answer) for item, answer in pairs if answer is not None]
    if len(known) < len(pairs):
        judgement.unknown(
            "wrong-gradient", "gradients", "what `gradients` gave was not recorded for every case"
        )
        return
    for item, answer in known:
        if pair_of(answer.value) is None:
            evidence = (
                f"For {item['case']} your function gave {shown(answer.value)}, not the two numbers dw and db."
            )
            judgement.found("wrong-shape", "gradients", evidence)
            return
    for item, answer in known:
        expected, got = chain_rule(item), pair_of(answer.value)
        assert got is not None
        if not near(got, expected, item):
            fits = (
                name
                for name, wrong in GRADIENT_SLIPS.items()
                if all(near(pair_of(other.value), wrong(case), case) for case, other in known)
            )
            slip = next(fits, "")
            evidence = (
                f"For {item['case']} your function gave dw = {got[0]:.6g} and db = {got[1]:.6g}; right is "
                f"dw = {expected[0]:.6g} and db = {expected[1]:.6g}.{' ' if slip else ''}{slip}"
            )
            one, two = next(
                pair for pair in zip(got, expected, strict=True) if not near(pair, (pair[1], pair[1]), item)
            )
            numbers = {"got": one} if math.isfinite(one) else {}
            judgement.found("wrong-gradient", "gradients", evidence, expected=two, **numbers)
            return


def shapes_of(value: Any) -> Shapes | None:
    """A list of shapes as tuples; None for anything else."""
    if isinstance(value, np.ndarray) and value.ndim == 2:
        value = list(value)
    if not isinstance(value, (list, tuple)):
        return None
    rows = [numbers_of(row) for row in value if isinstance(row, (list, tuple, np.ndarray))]
    if len(rows) < len(value):
        return None
    flat = [row for row in rows if row is not None and row.ndim == 1]
    return [tuple(float(size) for size in row) for row in flat] if len(flat) == len(value) else None


def shown(value: Any) -> str:
    """A student's value in a message: itself where it is short, else in a few words."""
    if isinstance(value, (list, tuple)) and len(text := str(value)) <= 160 and "Other(" not in text:
        return text
    return described(value)


def pair_of(value: Any) -> Pair | None:
    """A pair of numbers; None for anything else."""
    if isinstance(value, np.ndarray) and value.shape == (2,):
        value = list(value)
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return None
    one, two = (numbers_of(item, ()) for item in value)
    return None if one is None or two is None else (float(one), float(two))


def near(pair: Pair | None, expected: Pair, case: Case) -> bool:
    """Whether two pairs agree up to rounding, relative to the terms that make up the gradients."""
    w, b, x, target = (abs(float(case[name])) for name in ("w", "b", "x", "target"))
    most = 2 * (w * x + b + target) * max(1.0, w, x)
    return pair is not None and all(
        abs(one - two) <= TOLERANCE * most for one, two in zip(pair, expected, strict=True)
    )


def activations(case: Case) -> Shapes:
    """(batch, size) for each size."""
    return [(case["batch"], size) for size in case["sizes"]]


def weights(case: Case) -> Shapes:
    """(size in, size out) for each layer."""
    return list(zip(case["sizes"], case["sizes"][1:], strict=False))


def chain_rule(case: Case) -> Pair:
    """The gradients of (wx + b - t)² with respect to w and b: 2(wx + b - t)x and 2(wx + b - t)."""
    error = case["w"] * case["x"] + case["b"] - case["target"]
    return 2 * error * case["x"], 2 * error


SHAPE_SLIPS: dict[str, Callable[[Case], Shapes]] = {
    "Each shape is the wrong way round: the batch comes first.": lambda c: [
        row[::-1] for row in activations(c)
    ],
    "The input's own shape is missing: it comes first.": lambda c: activations(c)[1:],
    "The output's shape is missing: the loop ends one layer early.": lambda c: activations(c)[:-1],
    "The inner layers only; input and output are missing.": lambda c: activations(c)[1:-1],
    "They come from the output to the input; begin with the input.": lambda c: activations(c)[::-1],
    "The batch is missing: every layer's activations have one row a sample.": lambda c: [
        (size,) for size in c["sizes"]
    ],
    "These are the shapes of the weights; asked for are those of the activations.": weights,
    "These are the shapes of weights stored as (out, in); asked for are those of the activations.": lambda c: [
        row[::-1] for row in weights(c)
    ],
    "The batch stays as it is in every layer; only the second number changes.": lambda c: [
        (c["batch"], c["sizes"][0]),
        *weights(c),
    ],
}


def _error(case: Case) -> float:
    return float(case["w"] * case["x"] + case["b"] - case["target"])


GRADIENT_SLIPS: dict[str, Callable[[Case], Pair]] = {
    "That is half of it: the derivative of e² is 2e.": lambda c: (_error(c) * c["x"], _error(c)),
    "The sign is wrong: e is the prediction minus the target, so e grows with the prediction.": lambda c: (
        -2 * _error(c) * c["x"],
        -2 * _error(c),
    ),
    "The sign is wrong and the factor 2 is missing: the derivative of e² is 2e, with e = wx + b - t.": lambda c: (
        -_error(c) * c["x"],
        -_error(c),
    ),
    "dw and db have changed places.": lambda c: (2 * _error(c), 2 * _error(c) * c["x"]),
    "The factor x is missing in dw: the derivative of wx by w is x.": lambda c: (
        2 * _error(c),
        2 * _error(c),
    ),
    "There is an x too many in db: the derivative of b by b is 1.": lambda c: (
        2 * _error(c) * c["x"],
        2 * _error(c) * c["x"],
    ),
    "dw holds w where x belongs: the derivative of wx by w is x.": lambda c: (
        2 * _error(c) * c["w"],
        2 * _error(c),
    ),
    "The factor 2 is missing in db only.": lambda c: (2 * _error(c) * c["x"], _error(c)),
    "The factor 2 is missing in dw only.": lambda c: (_error(c) * c["x"], 2 * _error(c)),
    "The target is missing: e is wx + b - t.": lambda c: (
        2 * (c["w"] * c["x"] + c["b"]) * c["x"],
        2 * (c["w"] * c["x"] + c["b"]),
    ),
    "b is missing in the prediction: e is wx + b - t.": lambda c: (
        2 * (c["w"] * c["x"] - c["target"]) * c["x"],
        2 * (c["w"] * c["x"] - c["target"]),
    ),
    "That is the gradient of the error itself; the loss is its square.": lambda c: (c["x"], 1.0),
    "That is the gradient of |e|; the loss is e².": lambda c: (
        float(np.sign(_error(c))) * c["x"],
        float(np.sign(_error(c))),
    ),
    "The error lost its sign: e may be negative, and the gradients with it.": lambda c: (
        2 * abs(_error(c)) * c["x"],
        2 * abs(_error(c)),
    ),
    "The outer derivative is missing: e² by e is 2e, not e².": lambda c: (
        _error(c) ** 2 * c["x"],
        _error(c) ** 2,
    ),
    "Both are 0 in every case: nothing was computed.": lambda c: (0.0, 0.0),
}
"""What a likely mistake would give, by what to say about it."""
