"""The text of lm-accumulation, drawn from a challenge, its hidden test and its judge.  The examiner alone runs this.

The source that writes the text follows from the seed "train"; the hidden text is written by the same
source from the seed "hidden", which the sandbox never sees.
"""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from grader.examiner.answers import Answer, Answers, Judgement, close, described, numbers_of

CHARACTERS = 8
TRAIN, VAL, HIDDEN = 6_000, 1_500, 6_000  # characters of each text
BATCH_SIZE, LENGTH = 8, 16
PEAK, SGD_PEAK, LEAST = 0.03, 0.5, 0.1  # rates; the cosine ends at LEAST of the peak
WEIGHT_DECAY = 0.01
WARMUP = 6
FREE = 1e9  # a limit that no gradient reaches
ROUNDING = 1e-4  # relative, of losses computed in 32 bits

Array = npt.NDArray[np.float64]
Files = dict[str, bytes]
Parameters = dict[str, int | float | str]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, Parameters]:
    """Training files, hidden files and parameters of one challenge.

    "train.npy", "val.npy" and the hidden "text.npy" are texts: uint8 of one dimension, characters as
    numbers below 8.  The parameters "rates" and "rates_sgd" hold the rate of every step, as JSON.
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    source = _source(random)
    max_steps = int(random.integers(44, 60, endpoint=True))
    grad_accum = int(random.integers(3, 5, endpoint=True))
    parameters: Parameters = {
        "characters": CHARACTERS,
        "batch_size": BATCH_SIZE,
        "length": LENGTH,
        "optimizer": "adamw",
        "peak": PEAK,
        "weight_decay": WEIGHT_DECAY,
        "max_steps": max_steps,
        "grad_accum": grad_accum,
        "max_norm": round(float(random.uniform(0.06, 0.09)), 3),
        "eval_interval": int(random.integers(7, 12, endpoint=True)),
        "rates": "rates_adamw",
        "rates_adamw": json.dumps([[rate(step, max_steps, PEAK), 1] for step in range(max_steps)]),
        "rates_sgd": json.dumps([[rate(step, max_steps, SGD_PEAK), 1] for step in range(max_steps)]),
    }
    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    training = {"train.npy": _npy(write(source, TRAIN, random)), "val.npy": _npy(write(source, VAL, random))}
    return training, {"text.npy": _npy(write(source, HIDDEN, secret))}, parameters


def rate(step: int, steps: int, peak: float) -> float:
    """Warm-up, then cosine down to a tenth of the peak; every step has another rate."""
    if step < WARMUP:
        return peak * (step + 1) / (WARMUP + 1)
    part = (step - WARMUP) / (steps - WARMUP)
    return peak * (LEAST + (1 - LEAST) * (1 + math.cos(math.pi * part)) / 2)


def _source(random: np.random.Generator) -> Array:
    """Probabilities of the next character after each pair, shape (8, 8, 8): mostly one, sometimes another."""
    table = np.full((CHARACTERS, CHARACTERS, CHARACTERS), 0.01)
    for before in range(CHARACTERS):
        for now in range(CHARACTERS):
            likely, other = random.choice(CHARACTERS, 2, replace=False)
            table[before, now, likely] += 0.7
            table[before, now, other] += 0.22
    probabilities: Array = table / table.sum(axis=-1, keepdims=True)
    return probabilities


def write(source: Array, length: int, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A text of the source."""
    bounds, draws = source.cumsum(axis=-1), random.random(length)
    text = np.zeros(length, dtype=np.uint8)
    before = now = 0
    for place, number in enumerate(draws):
        new = min(int(np.searchsorted(bounds[before, now], number)), CHARACTERS - 1)
        text[place] = new
        before, now = now, new
    return text


def evaluate(weights: list[Array], hidden: Files, scale: float, shift: float) -> tuple[dict[str, float], int]:
    """The mean cross-entropy, in nats, of the next character of the hidden text, and how many were guessed."""
    embedding, mix, mix_bias, out, out_bias = (np.asarray(values, dtype=np.float64) for values in weights)
    text = np.load(io.BytesIO(hidden["text.npy"]), allow_pickle=False).astype(np.int64)
    now, before, after = embedding[text[1:-1]], embedding[text[:-2]], text[2:]
    inner = np.maximum(np.concatenate([now, before], axis=1) @ mix.T + mix_bias, 0.0)
    logits = inner @ out.T + out_bias
    logits -= logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(after)), after]
    return {"loss": float(losses.mean())}, len(after)


# ── what the exercise's own pieces saw ───────────────────────────────────────────────────────────


def judge(answers: Answers, training: Files, hidden: Files, parameters: Parameters) -> Judgement:
    """Look at the batches drawn, the evaluations, and the losses returned."""
    judgement = Judgement()
    seen, returned = answers.case("train", "losses"), answers.case("train", "returned")
    if seen is None or returned is None:
        return judgement
    _modes(judgement, seen)
    _held_out(judgement, seen)
    _counts(judgement, seen, parameters)
    _returned(judgement, seen, returned, parameters)
    return judgement


def _notes(answer: Answer, name: str) -> list[int]:
    return list(answer.notes.get(name, []))


def _modes(judgement: Judgement, seen: Answer) -> None:
    """Evaluations in evaluation mode and without gradients, training in training mode."""
    training, gradients = _notes(seen, "evaluated_training"), _notes(seen, "evaluated_gradients")
    if wrong := sum(training):
        text = f"{wrong} of {len(training)} times `estimate_loss()` was called while the model was in training mode."
        judgement.found("eval-in-train-mode", "train", text, evaluations=len(training), in_train_mode=wrong)
    else:
        judgement.clear("eval-in-train-mode", "train")
    if wrong := sum(gradients):
        text = f"{wrong} of {len(gradients)} times `estimate_loss()` was called with gradients switched on."
        judgement.found("eval-builds-graph", "train", text, evaluations=len(gradients), with_graph=wrong)
    else:
        judgement.clear("eval-builds-graph", "train")
    modes = [mode for mode, used in zip(_notes(seen, "modes"), _notes(seen, "used"), strict=False) if used]
    if (wrong := modes.count(0)) > 0.02 * len(modes):
        text = f"{wrong} of {len(modes)} training forward passes ran while the model was in evaluation mode."
        judgement.found("train-in-eval-mode", "train", text, forwards=len(modes), in_eval_mode=wrong)
    else:
        judgement.clear("train-in-eval-mode", "train")


def _held_out(judgement: Judgement, seen: Answer) -> None:
    """Losses of held-out text that went backward."""
    used = [
        split for split, times in zip(_notes(seen, "splits"), _notes(seen, "used"), strict=False) if times
    ]
    held, estimates = used.count(1), sum(1 for times in _notes(seen, "evaluated_backward") if times)
    if held:
        text = f'{held} of {len(used)} micro-batches that went backward came from `get_batch("val")`.'
        judgement.found("trains-on-held-out", "train", text, traced=len(used), held_out=held)
    elif estimates:
        text = f"The result of `estimate_loss()`, which is measured on held-out text, went backward {estimates} times."
        judgement.found("trains-on-held-out", "train", text, held_out=estimates)
    else:
        judgement.clear("trains-on-held-out", "train")


def _counts(judgement: Judgement, seen: Answer, parameters: Parameters) -> None:
    """How many micro-batches were drawn, and how often the loss was estimated; a right count is not mentioned."""
    steps, size, every = (int(parameters[name]) for name in ("max_steps", "grad_accum", "eval_interval"))
    drawn = (_notes(seen, "draws") or [0])[0]
    if not steps * size <= drawn <= (steps + 1) * size:  # one window may be drawn in advance
        text = (
            f'{steps} steps of {size} micro-batches need {steps * size} calls of `get_batch("train")`; '
            f"your loop made {drawn}."
        )
        judgement.found(
            "wrong-hyperparameter", "train", text, micro_batches=drawn, wanted_micro_batches=steps * size
        )
        return
    forwards = sum(1 for used in _notes(seen, "used") if used) or 1
    moments = sorted({after * steps // forwards for after in _notes(seen, "evaluated_after")})
    wanted = steps // every
    if not wanted <= len(moments) <= wanted + 2:
        text = (
            f"With `eval_interval` {every}, {steps} steps have about {wanted} evaluations; your loop called "
            f"`estimate_loss()` at {len(moments)} different steps."
        )
        judgement.found(
            "wrong-hyperparameter", "train", text, evaluations=len(moments), wanted_evaluations=wanted
        )


def _returned(judgement: Judgement, seen: Answer, returned: Answer, parameters: Parameters) -> None:
    """The list of losses: one for each step, the mean over its micro-batches."""
    steps = int(parameters["max_steps"])
    numbers = numbers_of(seen.value)
    values = [] if numbers is None else numbers.reshape(-1).tolist()
    losses = [loss for loss, times in zip(values, _notes(seen, "used"), strict=False) if times]
    if not losses or len(losses) % steps:
        judgement.unknown("wrong-average", "train", "the losses of the steps could not be told apart")
        return
    windows = np.array(losses).reshape(steps, -1)
    wanted = windows.mean(axis=1)
    mine = numbers_of(returned.value)
    if mine is not None and mine.shape == (steps,) and close(mine, wanted, ROUNDING):
        judgement.clear("wrong-average", "train")
        return
    if mine is None or mine.shape != (steps,):
        text = f"`train` should return {steps} numbers, one a step; it returns {described(returned.value)}."
        judgement.found("wrong-average", "train", text, wanted_length=steps)
        return
    size = windows.shape[1]
    slips = {
        "that is the loss of the last micro-batch alone": windows[:, -1],
        "that is the loss of the first micro-batch alone": windows[:, 0],
        f"that is the sum over the {size} micro-batches: divide by their number": windows.sum(axis=1),
        f"that is divided by {size} once too often": wanted / size,
        "that is the last micro-batch's loss, divided": windows[:, -1] / size,
    }
    place = int(np.argmax(np.abs(mine - wanted) > ROUNDING * np.abs(wanted)))
    text = (
        f"The loss of step {place + 1}, averaged over its {size} micro-batches, is {wanted[place]:.5g}; "
        f"your list has {mine[place]:.5g}."
    )
    slip = next((words for words, other in slips.items() if close(mine, other, ROUNDING)), "")
    text += f"  A likely slip: {slip}." if slip else ""
    judgement.found("wrong-average", "train", text, step=place + 1, wanted=float(wanted[place]))


def _npy(text: npt.NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, text, allow_pickle=False)
    return buffer.getvalue()
