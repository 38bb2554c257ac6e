"""The data of mlp-backprop and its judge.  The examiner alone runs this."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.examiner.answers import (
    Answer,
    Answers,
    Judgement,
    close,
    described,
    first_difference,
    likely_slip,
    numbers_of,
)
from grader.examiner.descent import Replay
from grader.examiner.perceptron import (
    AVERAGE_SLIPS,
    FORWARD_SLIPS,
    GRADIENT_SLIPS,
    Floats,
    Ints,
    Params,
    backward,
    flat,
    forward,
)

SIZES = (120, 80, 40, 10)  # of the network that init makes: enough numbers for a standard deviation
CLASSES, HIDDEN_POINTS = 3, 2_000
EPOCHS, BATCH_SIZE = (24, 30), 16

Files = dict[str, bytes]


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """Training files, hidden files and parameters of one challenge.

    "cases.npz" holds the points x (rows, 2) and y (rows,) to train on, the networks, inputs, labels and
    activations of the cases, and the sizes for init.  The hidden file holds other points x and y.
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    turn = random.uniform(0, 2 * math.pi)
    rows = BATCH_SIZE * int(random.integers(9, 12)) + int(random.integers(5, BATCH_SIZE - 1))
    arrays: dict[str, npt.NDArray[Any]] = {"sizes": np.array(SIZES) + random.integers(0, 6, len(SIZES))}
    arrays["x"], arrays["y"] = _points(random, rows, turn)
    _store(arrays, "train", _network(random, [2, 24, 16, CLASSES], bias=0.0))
    for case, sizes, count in (("a", [5, 7, 4], 6), ("b", [3, 8, 6, 5], 9)):
        params = _network(random, sizes, bias=0.3)
        _store(arrays, case, params)
        arrays[f"{case}.x"] = random.normal(size=(count, sizes[0]))
        arrays[f"{case}.y"] = random.integers(0, sizes[-1], count)
        for number, values in enumerate(forward(params, arrays[f"{case}.x"])):
            arrays[f"{case}.A{number}"] = values
    _store(arrays, "large", _network(random, [4, 6, 3], bias=0.3))
    arrays["large.x"] = random.normal(size=(5, 4)) * 2_000
    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    x, y = _points(secret, HIDDEN_POINTS, turn)
    parameters: dict[str, int | float | str] = {
        "epochs": int(random.integers(*EPOCHS, endpoint=True)),
        "batch_size": BATCH_SIZE,
        "lr": float(np.round(random.uniform(0.18, 0.22), 3)),
        "samples": rows,
    }
    return {"cases.npz": _npz(arrays)}, {"points.npz": _npz({"x": x, "y": y})}, parameters


def _points(random: np.random.Generator, count: int, turn: float) -> tuple[Floats, Ints]:
    """Three arms of a spiral, turned by an angle; x of shape (count, 2), labels 0 to 2."""
    labels = random.permutation(np.arange(count) % CLASSES)
    far = random.uniform(0.3, 1.6, count)
    angle = turn + labels * 2 * math.pi / CLASSES + 1.3 * far + random.normal(0, 0.14, count)
    return np.stack([far * np.cos(angle), far * np.sin(angle)], axis=1), labels.astype(np.int64)


def _network(random: np.random.Generator, sizes: Sequence[int], bias: float) -> Params:
    return [
        (random.normal(0, math.sqrt(2 / fan_in), (fan_in, fan_out)), bias * random.normal(size=fan_out))
        for fan_in, fan_out in pairwise(sizes)
    ]


def _store(arrays: dict[str, npt.NDArray[Any]], case: str, params: Params) -> None:
    for number, (weight, bias) in enumerate(params):
        arrays[f"{case}.W{number}"], arrays[f"{case}.b{number}"] = weight, bias


def _npz(arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _load(content: bytes) -> dict[str, npt.NDArray[Any]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _params(arrays: dict[str, npt.NDArray[Any]], case: str) -> Params:
    layers = sum(name.startswith(f"{case}.W") for name in arrays)
    return [(arrays[f"{case}.W{number}"], arrays[f"{case}.b{number}"]) for number in range(layers)]


# ── judging ──────────────────────────────────────────────────────────────────────────────────────


def judge(answers: Answers, training: Files, hidden: Files, parameters: dict[str, Any]) -> Judgement:
    """Compare what the four functions gave with the reference."""
    judgement = Judgement()
    arrays = _load(training["cases.npz"])
    _judge_init(judgement, answers, [int(size) for size in arrays["sizes"]])
    for answer in answers.of("forward"):
        _judge_forward(judgement, answer, _params(arrays, answer.case), arrays[f"{answer.case}.x"])
    for answer in answers.of("backward"):
        activations = [arrays[f"{answer.case}.A{k}"] for k in range(len(_params(arrays, answer.case)) + 1)]
        _judge_backward(
            judgement, answer, _params(arrays, answer.case), activations, arrays[f"{answer.case}.y"]
        )
    for answer in answers.of("train"):
        _judge_train(judgement, answer, arrays, _load(hidden["points.npz"]), parameters)
    for function in ("forward", "backward"):
        changed = sorted({name for answer in answers.of(function) for name in answer.mutated})
        if changed:
            names = " and ".join(f"`{name}`" for name in changed)
            text = f"After {function} was called, the numbers in its argument {names} had changed."
            judgement.found("input-mutated", function, text, argument=changed[0])
    return judgement


def pairs(value: Any, shapes: list[tuple[int, int]]) -> Params | str:
    """A value as [(W, b), …] of these shapes, or what is wrong with it; a bias may be (1, out)."""
    if isinstance(value, np.ndarray) or not isinstance(value, (list, tuple)):
        return f"gave {described(value)}, not a list of pairs (W, b)"
    if len(value) != len(shapes):
        return f"gave a list of {len(value)} entries; {len(shapes)} layers have {len(shapes)}"
    found: Params = []
    for number, (item, (fan_in, fan_out)) in enumerate(zip(value, shapes, strict=True)):
        if not isinstance(item, (list, tuple)) or len(item) != 2:
            return f"gave {described(item)} at layer {number}, not a pair (W, b)"
        weight, bias = numbers_of(item[0]), numbers_of(item[1])
        if weight is None or weight.shape != (fan_in, fan_out):
            shape = described(item[0] if weight is None else weight)
            hint = " (transposed)" if weight is not None and weight.shape == (fan_out, fan_in) else ""
            return f"gave {shape}{hint} as the matrix of layer {number}; {(fan_in, fan_out)} is right"
        if bias is None or bias.shape not in ((fan_out,), (1, fan_out)):
            shape = described(item[1] if bias is None else bias)
            return f"gave {shape} as the vector of layer {number}; {(fan_out,)} is right"
        found.append((weight, bias.reshape(fan_out)))
    return found


def _shapes(params: Params) -> list[tuple[int, int]]:
    return [(weight.shape[0], weight.shape[1]) for weight, _ in params]


def _judge_init(judgement: Judgement, answers: Answers, sizes: list[int]) -> None:
    shapes = list(pairwise(sizes))
    given: dict[str, Params] = {}
    for answer in answers.of("init"):
        layers = pairs(answer.value, shapes)
        if isinstance(layers, str):
            judgement.found("wrong-shape", "init", f"init({sizes}, rng) {layers}.")
            return
        given[answer.case] = layers
    if len(given) < 3:
        return
    for number, (weight, _) in enumerate(given["first"]):
        if np.all(weight == weight[:, :1]):
            what = f"are all {weight[0, 0]:g}" if np.ptp(weight) == 0 else "are the same in every unit"
            text = f"The weights of layer {number} {what}: its {weight.shape[1]} units can never differ."
            judgement.found("symmetric-initialization", "init", text, layer=number)
            return
    for text in (_scale(given["first"]), _drawn(given)):
        if text:
            judgement.found("wrong-value", "init", text)
            return


def _scale(layers: Params) -> str:
    """What is wrong with the size of the first weights; "" when they are as He's."""
    for number, (weight, bias) in enumerate(layers):
        fan_in, fan_out = weight.shape
        if bias.any():
            return f"The biases of layer {number} do not start at zero (the first is {bias[0]:.4g})."
        margin = 6 / math.sqrt(2 * weight.size) + 0.01
        spread, wanted = float(np.sqrt(np.mean(weight**2))), math.sqrt(2 / fan_in)
        if not abs(spread / wanted - 1) <= margin:
            others = {
                "sqrt(1 / fan_in), which suits tanh": math.sqrt(1 / fan_in),
                "sqrt(2 / (fan_in + fan_out)), Xavier's": math.sqrt(2 / (fan_in + fan_out)),
                "sqrt(2 / fan_out)": math.sqrt(2 / fan_out),
                "2 / fan_in, without the root": 2 / fan_in,
                "1": 1.0,
            }
            near = [name for name, other in others.items() if abs(spread / other - 1) <= margin / 2]
            slip = f"  That is about {near[0]}." if near else ""
            return (
                f"The weights of layer {number} have a standard deviation of {spread:.4g}; He initialisation for "
                f"{fan_in} inputs has sqrt(2 / {fan_in}) = {wanted:.4g}.{slip}"
            )
        if abs(float(weight.mean())) > 6 * wanted / math.sqrt(weight.size):
            return (
                f"The weights of layer {number} have a mean of {weight.mean():.4g}; it should be about zero."
            )
    return ""


def _drawn(given: dict[str, Params]) -> str:
    same = all(close(one, two) for (one, _), (two, _) in zip(given["first"], given["again"], strict=True))
    other = all(close(one, two) for (one, _), (two, _) in zip(given["first"], given["other"], strict=True))
    if not same:
        return (
            "Two generators in the same state gave different weights: not all of them are drawn from `rng`."
        )
    return "Two different generators gave the same weights: they are not drawn from `rng`." if other else ""


def _judge_forward(judgement: Judgement, answer: Answer, params: Params, x: Floats) -> None:
    expected = forward(params, x)
    value, called = answer.value, f"forward on an input of shape {x.shape}"
    if isinstance(value, np.ndarray) or not isinstance(value, (list, tuple)):
        text = f"{called} gave {described(value)}, not a list of activations."
        judgement.found("wrong-shape", "forward", text)
        return
    if len(value) != len(expected):
        text = (
            f"{called} gave {len(value)} activations; the input and {len(params)} layers are {len(expected)}."
        )
        judgement.found("wrong-shape", "forward", text)
        return
    for number, (item, right) in enumerate(zip(value, expected, strict=True)):
        if numbers_of(item, right.shape) is None:
            text = f"{called} gave {described(item)} as activation {number}; {right.shape} is right."
            judgement.found("wrong-shape", "forward", text)
            return
    values = [numbers_of(item, right.shape) for item, right in zip(value, expected, strict=True)]
    if answer.case == "large" and not all(np.isfinite(item).all() for item in values if item is not None):
        text = (
            f"For scores as large as {np.abs(_scores(params, x)).max():.0f} the probabilities are not finite: "
            "subtract each row's largest score before exp."
        )
        judgement.found("unstable-loss", "forward", text)
        return
    for number, (item, right) in enumerate(zip(values, expected, strict=True)):
        difference = first_difference(item, right)
        if difference is not None:
            others = {text: forward(params, x, slip)[number] for slip, text in FORWARD_SLIPS.items()}
            _differs(judgement, "wrong-value", "forward", f"activation {number}", difference, item, others)
            return


def _scores(params: Params, x: Floats) -> Floats:
    return forward(params, x, "logits")[-1]


def _differs(
    judgement: Judgement,
    slug: str,
    function: str,
    what: str,
    difference: tuple[tuple[int, ...], float, float],
    value: Any,
    slips: dict[str, Any],
) -> None:
    where, got, right = difference
    slip = likely_slip(value, slips)
    text = f"In {what} the number at {list(where)} is {got:.6g}; {right:.6g} is right."
    if slip:
        text += f"  Likely: {slip}."
    judgement.found(slug, function, text, got=got, expected=right)


def _judge_backward(
    judgement: Judgement, answer: Answer, params: Params, activations: list[Floats], y: Ints
) -> None:
    grads = pairs(answer.value, _shapes(params))
    if isinstance(grads, str):
        judgement.found("wrong-shape", "backward", f"backward {grads}.")
        return
    right = backward(params, activations, y)
    for number in reversed(range(len(params))):
        for name, got, wanted in zip(("dW", "db"), grads[number], right[number], strict=True):
            difference = first_difference(got, wanted)
            if difference is None:
                continue
            averages = {text: flat(backward(params, activations, y, s)) for s, text in AVERAGE_SLIPS.items()}
            others = {text: flat(backward(params, activations, y, s)) for s, text in GRADIENT_SLIPS.items()}
            all_of = flat(grads)
            slug = "wrong-average" if likely_slip(all_of, averages) else "wrong-gradient"
            what = f"{name} of layer {number} (the last is {len(params) - 1})"
            _differs(judgement, slug, "backward", what, difference, all_of, {**averages, **others})
            return


def _judge_train(
    judgement: Judgement, answer: Answer, arrays: Any, hidden: Any, parameters: dict[str, Any]
) -> None:
    start = _params(arrays, "train")
    final = pairs(answer.value, _shapes(start))
    if isinstance(final, str):
        judgement.found("wrong-shape", "train", f"train {final}.")
        return
    with np.errstate(all="ignore"):
        guesses = forward(final, hidden["x"])[-1].argmax(axis=1)
        right = float(np.mean(guesses == hidden["y"]))
    finite = bool(np.isfinite(flat(final)).all())
    judgement.metrics["accuracy"] = right if finite else math.nan
    judgement.samples = len(hidden["y"])
    Replay(judgement, answer, start, arrays["x"], arrays["y"], parameters).judge(flat(final))
