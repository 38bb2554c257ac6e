"""The points and rates of lr-schedules, drawn from a challenge, and its judge.  The examiner alone runs this.

The true weights, the schedules' lengths and the cases of `warmup_cosine` follow from the seed "train";
the points of the hidden test follow from "hidden", which the sandbox never sees.
"""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.examiner.answers import Answers, Judgement, described, numbers_of

POINTS, HIDDEN_POINTS, FEATURES = 192, 2_000, 8
NOISE = 0.5
BATCH_SIZE, RATE, GAMMA = 16, 0.1, 0.3
STEPS = POINTS // BATCH_SIZE
FEWEST_EPOCHS, MOST_EPOCHS = 9, 12
TOLERANCE = 1e-6  # of the peak: enough for rates computed in 32 bits

Floats = npt.NDArray[np.float64]
Files = dict[str, bytes]
Parameters = dict[str, int | float | str]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, Parameters]:
    """Training files, hidden files and parameters of one challenge.

    "x.npy" is float32 of shape (points, 8), "y.npy" of shape (points, 1); hidden targets have no noise.
    "cases.json" lists (step, warmup, total, peak).  The parameters rates_step, rates_cosine and rates_onecycle
    hold the rate due at every step of a run as JSON, [[rate, steps], …].
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    weights = random.choice([-1.0, 1.0], FEATURES) * random.uniform(0.8, 1.6, FEATURES)
    bias = random.uniform(-1.0, 1.0)
    epochs = int(random.integers(FEWEST_EPOCHS, MOST_EPOCHS, endpoint=True))
    step_size = int(random.integers(2, 3, endpoint=True))
    x = random.normal(size=(POINTS, FEATURES))
    y = x @ weights[:, None] + bias + random.normal(0.0, NOISE, size=(POINTS, 1))
    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    hidden_x = secret.normal(size=(HIDDEN_POINTS, FEATURES))
    hidden_y = hidden_x @ weights[:, None] + bias
    parameters: Parameters = {
        "epochs": epochs,
        "batch_size": BATCH_SIZE,
        "lr": RATE,
        "step_size": step_size,
        "gamma": GAMMA,
        "samples": POINTS,
        "schedule": "step",
        "schedule_per": "epoch",
        "rates": "rates_step",
        "rates_step": _per_epoch([RATE * GAMMA ** (epoch // step_size) for epoch in range(epochs)]),
        "rates_cosine": _per_epoch(
            [RATE * (1 + math.cos(math.pi * epoch / epochs)) / 2 for epoch in range(epochs)]
        ),
        "rates_onecycle": json.dumps(
            [[one_cycle(step, epochs * STEPS), 1] for step in range(epochs * STEPS)]
        ),
    }
    files = {"x.npy": _npy(x), "y.npy": _npy(y), "cases.json": json.dumps(_cases(random)).encode()}
    return files, {"x.npy": _npy(hidden_x), "y.npy": _npy(hidden_y)}, parameters


def _per_epoch(rates: list[float]) -> str:
    return json.dumps([[rate, STEPS] for rate in rates])


def one_cycle(step: int, total: int) -> float:
    """OneCycleLR's rate with its default shape: up to RATE in 0.3 of the steps, then down, both by cosine."""
    low = RATE / 25
    top = 0.3 * total - 1
    if step <= top:
        return _between(low, RATE, step / top)
    return _between(RATE, low / 1e4, (step - top) / (total - 1 - top))


def _between(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def _cases(random: np.random.Generator) -> list[list[float | int]]:
    """Steps at every corner of a few schedules, one of them without any warm-up, and some in between."""
    cases: list[list[float | int]] = []
    for number in range(4):
        total = int(random.integers(60, 400))
        warmup = 0 if number == 3 else int(random.integers(6, total // 4))
        peak = round(float(random.uniform(1e-4, 0.3)), 6)
        corners = [0, 1, warmup - 1, warmup, warmup + 1, total // 2, total - 1, total, total + 1, 2 * total]
        between = [int(step) for step in random.integers(1, total, 4)]
        cases += [[step, warmup, total, peak] for step in sorted({*corners, *between}) if step >= 0]
    return cases


def evaluate(
    weights: list[Floats], hidden: Files, scale: float, shift: float
) -> tuple[dict[str, float], int]:
    """The mean squared error on the hidden points, and how many they are."""
    slopes, bias = (np.asarray(values, dtype=np.float64) for values in weights)
    x, y = (
        np.load(io.BytesIO(hidden[name]), allow_pickle=False).astype(np.float64)
        for name in ("x.npy", "y.npy")
    )
    error = (scale * x + shift) @ slopes.T + bias - y
    return {"mse": float(np.mean(error**2))}, len(x)


# ── warm-up, then cosine ─────────────────────────────────────────────────────────────────────────


def warmup_cosine(step: int, warmup: int, total: int, peak: float) -> float:
    """The rate due: steps count from 0; see the README."""
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return 0.0
    return peak * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2


def slips(step: int, warmup: int, total: int, peak: float) -> dict[str, float]:
    """What neighbouring formulas give, by what to say about them."""
    part = (step - warmup) / (total - warmup)
    over = min(part, 1.0)
    falls = step >= warmup
    right = warmup_cosine(step, warmup, total, peak)
    found: dict[str, float] = {}
    if not falls:
        found["the warm-up starts at 0: use step + 1, so that step 0 moves, too"] = peak * step / warmup
        found["that is (step + 1) / (warmup + 1): divide by warmup"] = peak * (step + 1) / (warmup + 1)
        found["there is no warm-up: below `warmup` the rate grows in a straight line"] = peak
        found["that is the cosine, which begins only after the warm-up"] = (
            peak * (1 + math.cos(math.pi * part)) / 2
        )
        return found
    late = "after `total` steps the rate stays at 0"
    found[f"the cosine goes up again: {late}"] = peak * (1 + math.cos(math.pi * part)) / 2
    found[f"the warm-up goes on: {late}"] = peak * (step + 1) / max(warmup, 1)
    found["that is the peak: after the warm-up the rate falls"] = peak
    found["the cosine begins at step 0: count from the end of the warm-up"] = (
        peak * (1 + math.cos(math.pi * min(step / total, 1.0))) / 2
    )
    found["the cosine lasts `total` steps: it has only total - warmup of them"] = (
        peak * (1 + math.cos(math.pi * (step - warmup) / total)) / 2
    )
    found["that is twice as much: the cosine's factor is (1 + cos) / 2"] = 2 * right
    found["that is half as much"] = right / 2
    found["that is a straight line down: use the cosine"] = peak * (1 - over)
    found["that is the cosine without the 1 + and the half"] = peak * math.cos(math.pi * over)
    found["that is a quarter of a wave: use (1 + cos(pi * part)) / 2"] = peak * math.cos(math.pi / 2 * over)
    found["the angle is in radians: multiply the part by pi"] = peak * (1 + math.cos(over)) / 2
    if total - warmup > 1:
        last = (step - warmup) / (total - warmup - 1)
        found["that reaches 0 one step too early: divide by total - warmup"] = (
            peak * (1 + math.cos(math.pi * last)) / 2
        )
    after = (step + 1 - warmup) / (total - warmup)
    found["that is the rate of the next step: steps count from 0"] = (
        peak * (1 + math.cos(math.pi * after)) / 2
    )
    return found


def judge(answers: Answers, training: Files, hidden: Files, parameters: Parameters) -> Judgement:
    """Compare every rate; the first wrong one is shown, with the slip that explains most of them."""
    judgement = Judgement()
    wrong: list[tuple[list[Any], Any]] = []
    explained: dict[str, list[int]] = {}
    for case in json.loads(training["cases.json"]):
        answer = answers.case("warmup_cosine", "step={}, warmup={}, total={}, peak={}".format(*case))
        if answer is None or _near(answer.value, warmup_cosine(*case), case[3]):
            continue
        for words, value in slips(*case).items():
            if _near(answer.value, value, case[3]):
                explained.setdefault(words, []).append(len(wrong))
        wrong.append((case, answer.value))
    if not wrong:
        judgement.clear("wrong-value", "warmup_cosine")
        return judgement
    slip = max(explained, key=lambda words: len(explained[words]), default="")
    slip = slip if slip and (len(explained[slip]) > 1 or len(wrong) == 1) else ""
    case, value = _telling([wrong[number] for number in explained[slip]] if slip else wrong)
    step, warmup, total, peak = case
    expected = warmup_cosine(*case)
    text = (
        f"`warmup_cosine(step={step}, warmup={warmup}, total={total}, peak={peak:g})` should be {expected:.6g}; "
        f"yours {_said(value)}."
    )
    text += f"  A likely slip: {slip}." if slip else ""
    text += f"  {len(wrong)} of {len(answers.of('warmup_cosine'))} steps that were tried differ."
    judgement.found("wrong-value", "warmup_cosine", text, step=step, wanted=expected, wrong_steps=len(wrong))
    return judgement


def _near(value: Any, expected: float, peak: float) -> bool:
    number = numbers_of(value, ())
    return number is not None and bool(abs(float(number) - expected) <= TOLERANCE * peak)


def _said(value: Any) -> str:
    """What came back, or the error that came instead (see drive in model.py)."""
    return f"stops with {value}" if isinstance(value, str) else f"gives {described(value)}"


def _telling(wrong: list[tuple[list[Any], Any]]) -> tuple[list[Any], Any]:
    """A case with a warm-up and a rate that is not 0, where there is one."""
    return next((item for item in wrong if item[0][1] and warmup_cosine(*item[0])), wrong[0])


def _npy(values: Floats) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values.astype(np.float32), allow_pickle=False)
    return buffer.getvalue()
