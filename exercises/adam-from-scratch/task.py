"""The numbers of adam-from-scratch, the rule, the judge and the hidden test.  The examiner alone runs this."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.examiner.answers import Answer, Answers, Judgement, close, described, first_difference, numbers_of

STEPS = 8
SHAPES: dict[str, list[tuple[int, ...]]] = {
    "plain": [(3,), (2, 2), (1,)],
    "small": [(4,), (2, 3)],
    "sparse": [(3,), (2, 2), (2,)],
    "generator": [(3, 2), (3,)],
}
CLASSES, POINTS, HIDDEN_POINTS = 3, 150, 2_000
NETWORK = [(16, 2), (16,), (3, 16), (3,)]
TRAINED = 80  # steps of the network's training …
RECORDED = (0, 1, 2, 4, 8, 16, 79)  # … of which these are recorded …
RATE = np.array([0.05, 0.9, 0.999, 1e-8])  # … and its lr, beta1, beta2 and eps
MOST_AWAY = 0.03  # of how far the parameters have moved; 32 bits against 64 come to a hundredth of that

Floats = npt.NDArray[np.float64]
Files = dict[str, bytes]
Values = list[Floats]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """Training files, hidden files and parameters of one challenge.

    "cases.npz" holds for every case its parameters, a gradient for each of them at every step (nan: none),
    and the numbers lr, beta1, beta2 and eps; points x (150, 2), y (150,) for the network, and its first weights.
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    arrays: dict[str, npt.NDArray[Any]] = {}
    for case, shapes in SHAPES.items():
        lr, beta1, beta2 = random.uniform(0.01, 0.1), random.uniform(0.7, 0.92), random.uniform(0.95, 0.995)
        arrays[f"{case}.numbers"] = np.array([lr, beta1, beta2, 1e-3 if case == "small" else 1e-8])
        for number, shape in enumerate(shapes):
            arrays[f"{case}.p{number}"] = random.normal(size=shape)
            gradients = random.normal(size=(STEPS, *shape)) * (0.01 if case == "small" else 1.0)
            if case == "small":
                gradients[[0, 4]] = 0.0
            arrays[f"{case}.g{number}"] = gradients
    arrays["sparse.g1"][[0, 3, 4]] = math.nan
    arrays["sparse.g2"][:2] = math.nan
    turn = random.uniform(0, 2 * math.pi)
    arrays["x"], arrays["y"] = _points(random, POINTS, turn)
    for number, shape in enumerate(NETWORK):
        limit = NETWORK[number - number % 2][1] ** -0.5
        arrays[f"network.{number}"] = random.uniform(-limit, limit, shape).astype(np.float32)
    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    x, y = _points(secret, HIDDEN_POINTS, turn)
    return {"cases.npz": _npz(arrays)}, {"points.npz": _npz({"x": x, "y": y})}, {"samples": POINTS}


def _points(random: np.random.Generator, count: int, turn: float) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Three clouds around a turned triangle."""
    labels = np.arange(count) % CLASSES
    angle = turn + labels * 2 * math.pi / CLASSES
    centres = 1.5 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return centres + random.normal(0, 0.45, (count, 2)), labels.astype(np.int64)


def _npz(arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _load(content: bytes) -> dict[str, npt.NDArray[Any]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def evaluate(
    weights: list[Floats], hidden: Files, scale: float, shift: float
) -> tuple[dict[str, float], int]:
    """The share of hidden points that the network of these weights classifies rightly."""
    first, first_bias, second, second_bias = (np.asarray(part, dtype=np.float64) for part in weights)
    points = _load(hidden["points.npz"])
    values = np.tanh((scale * points["x"] + shift) @ first.T + first_bias) @ second.T + second_bias
    return {"accuracy": float(np.mean(values.argmax(axis=1) == points["y"]))}, len(points["y"])


# ── the rule ─────────────────────────────────────────────────────────────────────────────────────


def adam(
    params: Values, gradients: list[Values], numbers: Floats, slip: str = "", ways: tuple[str, ...] = ()
) -> Iterator[Values]:
    """The parameters after every step; `gradients[step][parameter]`, nan for none.

    `slip` makes one mistake.  `ways` are forms that are right as well: "shared" (one step count for all
    parameters) and "rate" (the bias corrections in the rate, so that eps meets the uncorrected root).
    """
    lr, beta1, beta2, eps = (float(number) for number in numbers)
    if slip == "swapped":
        beta1, beta2 = beta2, beta1
    values = [part.copy() for part in params]
    moments = [(np.zeros_like(part), np.zeros_like(part)) for part in params]
    counts = [0] * len(params)
    ticks = 0
    for number, step in enumerate(gradients):
        for k, given in enumerate(step):
            ticks += 1
            gradient = given
            if np.isnan(given).any():
                if slip != "none-as-zero":
                    continue
                gradient = np.zeros_like(given)
            counts[k] += 1
            m, v = (np.zeros_like(gradient), np.zeros_like(gradient)) if slip == "forgets" else moments[k]
            m, v = _moments(m, v, gradient, beta1, beta2, slip)
            moments[k] = (m, v)
            t = number + 1 if "shared" in ways else counts[k]
            t = {"first": 1, "late": t + 1, "ticks": ticks}.get(slip, t)
            values[k] = values[k] + _change(m, v, t, (lr, beta1, beta2, eps), slip, "rate" in ways)
            if slip == "decay":
                values[k] = values[k] - lr * 0.01 * values[k]
        yield [value.copy() for value in values]


def _moments(m: Floats, v: Floats, g: Floats, beta1: float, beta2: float, slip: str) -> tuple[Floats, Floats]:
    first = g if slip == "no-share-m" else (1 - beta1) * g
    square = {"no-square": g, "absolute": np.abs(g)}.get(slip, g * g)
    second = square if slip == "no-share-v" else (1 - beta2) * square
    return beta1 * m + first, beta2 * v + second


def _change(m: Floats, v: Floats, t: int, numbers: tuple[float, ...], slip: str, in_rate: bool) -> Floats:
    lr, beta1, beta2, eps = numbers
    first = 1.0 if slip in ("no-correction", "no-correction-m") else 1 - beta1**t
    second = 1.0 if slip in ("no-correction", "no-correction-v") else 1 - beta2**t
    with np.errstate(all="ignore"):
        if slip == "inside":
            lower = np.sqrt(v / second + eps)
        elif slip == "no-root":
            lower = v / second + eps
        elif slip == "no-eps":
            lower = np.sqrt(v / second)
        elif in_rate:
            lower = (np.sqrt(v) + eps) / math.sqrt(second)
        else:
            lower = np.sqrt(v / second) + eps
        upper = {"momentum-only": m / first * lower, "no-momentum": m / first}.get(slip, m / first)
        change = -lr * upper / lower
    return -change if slip == "uphill" else np.asarray(change)


CORRECTION_SLIPS = {
    "no-correction": "neither average is divided by its bias correction, 1 - beta ** t",
    "no-correction-m": "the first average is not divided by 1 - beta1 ** t",
    "no-correction-v": "the second average is not divided by 1 - beta2 ** t",
    "first": "the step count stays at 1, so the correction never changes",
    "late": "the step count is one too large: the first step is step 1",
    "ticks": "the step count goes up once for every parameter: count the calls of step",
}
RULE_SLIPS = {
    "inside": "eps stands inside the root: it is added to the root, sqrt(v) + eps",
    "no-root": "the square root of the second average is missing",
    "no-eps": "eps is missing below the fraction",
    "swapped": "beta1 and beta2 are mixed up",
    "no-share-m": "the gradient enters the first average without the factor 1 - beta1",
    "no-share-v": "the squared gradient enters the second average without the factor 1 - beta2",
    "no-square": "the second average is of the gradients; it must be of their squares",
    "absolute": "the second average is of the gradients' sizes; it must be of their squares",
    "forgets": "the averages start from zero at every step: keep them",
    "decay": "there is weight decay, which was not asked for",
    "momentum-only": "the second average is not used at all",
    "uphill": "the step goes the wrong way: subtract it",
}


# ── judging ──────────────────────────────────────────────────────────────────────────────────────


def judge(answers: Answers, training: Files, hidden: Files, parameters: dict[str, Any]) -> Judgement:
    """Follow every case step by step; the first case that goes wrong tells the cause of the later ones."""
    judgement = Judgement()
    arrays = _load(training["cases.npz"])
    wrong = ""
    for case in SHAPES:
        answered = [answers.case("Adam", f"{case}/{step}") for step in range(STEPS)]
        seen = [answer for answer in answered if answer is not None]
        if wrong not in ("step", "correction"):
            wrong = _judge_case(judgement, case, seen, arrays) or wrong
    if not wrong:
        _judge_network(judgement, answers, arrays)
    _judge_clearing(judgement, answers, arrays)
    return judgement


def _judge_network(judgement: Judgement, answers: Answers, arrays: dict[str, Any]) -> None:
    """The training of the network is the class's, too: it has to come to where the rule leads."""
    seen = {step: answers.case("network", f"network/{step}") for step in RECORDED}
    start = [arrays[f"network.{number}"].astype(np.float64) for number in range(len(NETWORK))]
    for step, values in enumerate(_trained(start, arrays["x"], arrays["y"])):
        answer = seen.get(step)
        got = None if answer is None else _values(answer.value, NETWORK)
        if answer is None or got is None:
            continue
        away = math.sqrt(sum(float(((a - b) ** 2).sum()) for a, b in zip(got, values, strict=True)))
        moved = math.sqrt(sum(float(((a - b) ** 2).sum()) for a, b in zip(values, start, strict=True)))
        if not away <= MOST_AWAY * moved:
            text = (
                f"In the training of the network the parameters were {away / moved:.0%} of their way off after step "
                f"{step + 1}, though the same class steps rightly elsewhere."
            )
            judgement.found("wrong-update", "step", text, step=step + 1, away=away / moved)
            return


def _trained(values: Values, x: Floats, y: npt.NDArray[np.int64]) -> Iterator[Values]:
    """The network's parameters after each step by the rule, in float64: tanh, softmax and cross-entropy."""
    lr, beta1, beta2, eps = (float(number) for number in RATE)
    m, v = ([np.zeros_like(part) for part in values] for _ in range(2))
    wanted = np.eye(CLASSES)[y]
    x = x.astype(np.float32).astype(np.float64)
    for t in range(1, TRAINED + 1):
        hidden = np.tanh(x @ values[0].T + values[1])
        scores = hidden @ values[2].T + values[3]
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        above = (likely / likely.sum(axis=1, keepdims=True) - wanted) / len(x)
        below = (above @ values[2]) * (1 - hidden**2)
        gradients = [below.T @ x, below.sum(axis=0), above.T @ hidden, above.sum(axis=0)]
        m = [beta1 * old + (1 - beta1) * g for old, g in zip(m, gradients, strict=True)]
        v = [beta2 * old + (1 - beta2) * g * g for old, g in zip(v, gradients, strict=True)]
        values = [
            part - lr * (a / (1 - beta1**t)) / (np.sqrt(b / (1 - beta2**t)) + eps)
            for part, a, b in zip(values, m, v, strict=True)
        ]
        yield values


def _case(arrays: dict[str, Any], case: str) -> tuple[Values, list[Values], Floats]:
    count = len(SHAPES[case])
    params = [arrays[f"{case}.p{k}"] for k in range(count)]
    gradients = [[arrays[f"{case}.g{k}"][step] for k in range(count)] for step in range(STEPS)]
    return params, gradients, arrays[f"{case}.numbers"]


def _judge_case(judgement: Judgement, case: str, seen: list[Answer], arrays: dict[str, Any]) -> str:
    """What part of the class a case shows to be wrong; "" when it is right."""
    params, gradients, numbers = _case(arrays, case)
    shapes = [part.shape for part in params]
    values = [_values(answer.value, shapes) for answer in seen]
    for step, got in enumerate(values):
        if got is None:
            text = f"After step {step + 1} the parameters were {described(seen[step].value)}."
            judgement.found("wrong-update", "step", text, step=step + 1)
            return "step"
    given = [got for got in values if got is not None]
    for ways in ((), ("shared",), ("rate",), ("shared", "rate")):
        if _same(given, list(adam(params, gradients, numbers, "", ways))):
            return ""
    part, slip = _cause(case, given, params, gradients, numbers)
    step, number, where, got_number, right = _first(given, list(adam(params, gradients, numbers)))
    text = (
        f"At step {step + 1}, the number at {list(where)} of parameter {number} (of {len(params)}) came to "
        f"{got_number:.10g}; {right:.10g} is right."
    )
    text += f"  {slip}" if slip else ""
    judgement.found("wrong-update", part, text, step=step + 1, got=got_number, expected=right)
    return part


def _cause(
    case: str, given: list[Values], params: Values, gradients: list[Values], numbers: Floats
) -> tuple[str, str]:
    """The part of the class to blame, and the likely slip in words."""
    still = [all(np.array_equal(a, b) for a, b in zip(params, got, strict=True)) for got in given]
    if all(still):
        text = "No parameter ever moved: change the tensors themselves, in place."
        return ("params" if case == "generator" else "step"), text
    settled = [all(np.array_equal(a, b) for a, b in zip(given[0], got, strict=True)) for got in given]
    if all(settled):
        if case == "generator":
            text = "After the first step nothing moved: a generator can be walked through only once."
            return "params", f"{text}  Keep `list(params)`."
        return "step", "After the first step nothing moved."
    if case == "sparse":
        if _same(given, list(adam(params, gradients, numbers, "none-as-zero"))):
            return "no-gradient", "A parameter whose gradient is None moved: skip it, and its averages."
        return "no-gradient", "Some parameters had no gradient (None) at some of the steps: skip them there."
    for part, slips in (("correction", CORRECTION_SLIPS), ("step", RULE_SLIPS)):
        for slip, text in slips.items():
            for ways in ((), ("rate",)):
                if _same(given, list(adam(params, gradients, numbers, slip, ways)), 1e-10):
                    return part, f"Likely: {text}."
    return ("params" if case == "generator" else "step"), ""


def _values(value: Any, shapes: list[tuple[int, ...]]) -> Values | None:
    if not isinstance(value, list) or len(value) != len(shapes):
        return None
    arrays = [numbers_of(part, shape) for part, shape in zip(value, shapes, strict=True)]
    found = [part for part in arrays if part is not None]
    return found if len(found) == len(shapes) else None


def _same(given: list[Values], expected: list[Values], tolerance: float = 1e-9) -> bool:
    return len(given) == len(expected) and all(
        close(one, two, tolerance)
        for got, right in zip(given, expected, strict=True)
        for one, two in zip(got, right, strict=True)
    )


def _first(given: list[Values], expected: list[Values]) -> tuple[int, int, tuple[int, ...], float, float]:
    """The first number that differs: its step, its parameter, its place, what it is and should be."""
    for step, (got, right) in enumerate(zip(given, expected, strict=False)):
        for number, (one, two) in enumerate(zip(got, right, strict=True)):
            if (difference := first_difference(one, two)) is not None:
                return step, number, *difference
    return 0, 0, (), math.nan, math.nan


def _judge_clearing(judgement: Judgement, answers: Answers, arrays: dict[str, Any]) -> None:
    for case in SHAPES:
        for step in range(STEPS):
            answer = answers.case("Adam", f"{case}/zero_grad/{step}")
            left = None if answer is None else numbers_of(answer.value, (len(SHAPES[case]),))
            if left is None or not left.any():
                continue
            if case == "generator" and not np.any([arrays["generator.g0"][0] == 0]) and step > 0:
                continue  # the kept generator is told about elsewhere
            number = int(np.argmax(left != 0))
            text = f"After zero_grad() the gradient of parameter {number} was still there (step {step + 1})."
            judgement.found("wrong-update", "zero_grad", text, step=step + 1)
            return
        final = answers.of("Adam")
        last = [answer for answer in final if answer.case == f"{case}/{STEPS - 1}"]
        if len(last) == 2 and not _unmoved(last, SHAPES[case]):
            text = "zero_grad() changed the parameters: it must clear the gradients and nothing else."
            judgement.found("wrong-update", "zero_grad", text)
            return


def _unmoved(last: list[Answer], shapes: list[tuple[int, ...]]) -> bool:
    """Whether the parameters after the last zero_grad are those after the last step."""
    before, after = (_values(answer.value, shapes) for answer in last)
    if before is None or after is None:
        return True
    return all(np.array_equal(one, two, equal_nan=True) for one, two in zip(before, after, strict=True))
