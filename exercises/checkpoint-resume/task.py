"""The data of checkpoint-resume, the hidden test, and what the killed and resumed runs mean.

The examiner alone runs this.  model.drive tells of each moment at which a run was killed (see there) whether
the run that continued ended with the weights of the run that went through.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.examiner.answers import Answer, Answers, Judgement

POINTS, HIDDEN_POINTS = 180, 2_000
INPUTS, CLASSES = 8, 3
BATCH_SIZE = 20
RATE, GAMMA, STEP_SIZE = 0.1, 0.6, 2  # of the StepLR that model.make hands in
SPREAD = 1.0  # of the points around their class's centre
SAME = 1e-5  # relative: nothing but rounding may differ between the two runs
PARTS = {"model": "the weights", "optimizer": "the optimizer's momentum", "scheduler": "the learning rate"}

Files = dict[str, bytes]


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """Training files, hidden files and parameters of one challenge: three clouds of points.

    `kill_epoch` and `kill_batch` say when the runs are killed; `rates_step` holds the rate due at every step as
    JSON, [[rate, steps], …].
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    centres = _centres(random)
    epochs = int(random.integers(6, 8, endpoint=True))
    parameters: dict[str, int | float | str] = {
        "epochs": epochs,
        "batch_size": BATCH_SIZE,
        "samples": POINTS,
        "kill_epoch": int(random.integers(2, epochs - 2, endpoint=True)),
        "kill_batch": int(random.integers(2, POINTS // BATCH_SIZE - 2)),
        "schedule_per": "epoch",
        "rates": "rates_step",
        "rates_step": json.dumps(
            [[RATE * GAMMA ** (epoch // STEP_SIZE), POINTS // BATCH_SIZE] for epoch in range(epochs)]
        ),
    }
    secret = np.random.default_rng(np.random.SeedSequence(seeds["hidden"]))
    return _cloud(random, centres, POINTS), _cloud(secret, centres, HIDDEN_POINTS), parameters


def _centres(random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Three centres at a distance of at least 2.5 from each other."""
    while True:
        centres = random.normal(0.0, 1.0, size=(CLASSES, INPUTS))
        gaps = np.linalg.norm(centres[:, None] - centres[None], axis=-1)[np.triu_indices(CLASSES, 1)]
        if gaps.min() > 3.2:
            return centres


def _cloud(random: np.random.Generator, centres: npt.NDArray[np.float64], points: int) -> Files:
    labels = random.integers(0, CLASSES, size=points)
    x = centres[labels] + random.normal(0.0, SPREAD, size=(points, INPUTS))
    return {"x.npy": _npy(x.astype(np.float32)), "y.npy": _npy(labels.astype(np.int64))}


def evaluate(
    weights: list[npt.NDArray[Any]], hidden: Files, scale: float, shift: float
) -> tuple[dict[str, float], int]:
    """The accuracy on the hidden points of a Linear(8, 16), Tanh, Linear(16, 3)."""
    first, first_bias, second, second_bias = (np.asarray(values, dtype=np.float64) for values in weights)
    x, labels = _array(hidden["x.npy"]).astype(np.float64), _array(hidden["y.npy"])
    outputs = np.tanh((scale * x + shift) @ first.T + first_bias) @ second.T + second_bias
    return {"accuracy": float(np.mean(outputs.argmax(axis=1) == labels))}, len(labels)


def judge(
    answers: Answers, training: Files, hidden: Files, parameters: dict[str, int | float | str]
) -> Judgement:
    """What the interrupted runs showed, the first moment that went wrong being told."""
    judgement = Judgement()
    told = [answer for answer in answers.of("train") if isinstance(answer.value, dict)]
    for answer in told:
        if _incomplete(judgement, answer) or _diverged(judgement, answer):
            return judgement
    if not told or not any(answer.value.get("killed") is True for answer in told):
        for slug in ("checkpoint-incomplete", "resume-diverges"):
            judgement.unknown(slug, "train", "no run could be interrupted")
    return judgement


def _where(answer: Answer) -> str:
    if answer.case == "after the last epoch":
        return "A run that had ended was run again with the file it left"
    return f"A run was killed {answer.case}, and run again with the file it left"


def _incomplete(judgement: Judgement, answer: Answer) -> bool:
    """Nothing to continue from, half a file, or a part that was not restored."""
    facts = answer.value
    if not facts.get("killed"):
        return False
    if not facts.get("there"):
        text = f"{_where(answer).partition(', and')[0]}: there was no file at `path` to continue from."
        judgement.found("checkpoint-incomplete", "train", text, moment=answer.case)
        return True
    if facts.get("spoilt"):
        text = (
            "A run was killed while it was writing the checkpoint. The good checkpoint of the epoch before was gone: "
            "half of the new one stood in its place."
        )
        if isinstance(facts.get("stopped"), str):
            text += f" The run that was to continue stopped with: {facts['stopped'][:120]}"
        judgement.found("checkpoint-incomplete", "train", text, moment=answer.case)
        return True
    if _ends_alike(facts):
        return False
    fresh = facts.get("fresh") if isinstance(facts.get("fresh"), list) else []
    lost = [words for name, words in PARTS.items() if name in fresh]
    if not lost:
        return False
    text = (
        f"{_where(answer)}: when it went on, {_listed(lost)} stood as in a run that begins, so the file does not "
        "hold all that is needed, or it was not all read back."
    )
    judgement.found("checkpoint-incomplete", "train", text, moment=answer.case, lost=", ".join(lost))
    return True


def _diverged(judgement: Judgement, answer: Answer) -> bool:
    """All was read back, and yet the weights at the end are others."""
    facts = answer.value
    if not facts.get("killed") or _ends_alike(facts):
        return False
    if isinstance(facts.get("stopped"), str):
        text = f"{_where(answer)}: it stopped with {facts['stopped'][:160]}"
        judgement.found("resume-diverges", "train", text, moment=answer.case)
        return True
    difference = facts.get("difference")
    text = f"{_where(answer)}: at the end its weights differ from those of a run that went through"
    if isinstance(difference, float):
        text += f" by up to {100 * difference:.2g} %"
    text += "." + _slip(facts)
    number = difference if isinstance(difference, float) else "not finite"
    judgement.found("resume-diverges", "train", text, moment=answer.case, difference=number)
    return True


def _slip(facts: dict[str, Any]) -> str:
    """What probably went wrong: an epoch done twice or left out, or a part saved at another time than the rest."""
    begins, stands = facts.get("begins"), facts.get("stands")
    if not isinstance(begins, int) or not isinstance(stands, dict):
        return ""
    weights = stands.get("model") or []
    if weights and begins not in weights:
        return f" It went on with epoch {begins}, but its weights were those before epoch {weights[0]}."
    for name, words in PARTS.items():
        if name != "model" and weights and stands.get(name) and begins not in stands[name]:
            return f" In epoch {begins} {words} stood where it belongs before epoch {stands[name][0]}."
    return ""


def _ends_alike(facts: dict[str, Any]) -> bool:
    difference = facts.get("difference")
    return isinstance(difference, float) and difference <= SAME


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _npy(values: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    return values
