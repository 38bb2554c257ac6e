"""What lm-accumulation hands to the student's function: built in the sandbox, from files and public seeds."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

TRAIN = (
    *("model", "get_batch", "optimizer", "schedule", "max_steps", "grad_accum", "max_norm"),
    *("eval_interval", "estimate_loss"),
)
EMBEDDING, HIDDEN, DROPOUT = 8, 32, 0.1
ESTIMATES = 4  # batches that estimate_loss averages over


class Log:
    """What the exercise's own pieces saw while the student's function ran; a copy of the model shares it."""

    def __init__(self) -> None:
        self.losses: list[torch.Tensor] = []  # of every forward with gradients, outside estimate_loss
        self.splits: list[int] = []  # of their batches: 0 train, 1 val, -1 unknown
        self.modes: list[int] = []  # 1 where the model was in training mode
        self.used: list[int] = []  # how often each of them went backward
        self.draws = [0, 0]  # of train and val batches
        self.evaluations: list[list[int]] = []  # losses before it, training mode, gradients, went backward
        self.estimating = False
        self._given: list[tuple[weakref.ref[torch.Tensor], int]] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> Log:
        return self

    def drawn(self, batch: torch.Tensor, split: int) -> None:
        """A batch was given out."""
        self.draws[split] += 1
        self._given = [*self._given[-63:], (weakref.ref(batch), split)]

    def computed(self, batch: torch.Tensor, logits: torch.Tensor, loss: torch.Tensor, training: bool) -> None:
        """The model's forward ran; what goes backward goes through its logits."""
        if not logits.requires_grad:
            return
        if self.estimating:
            counts, place = self.evaluations[-1], 3
        else:
            place = len(self.losses)
            self.losses.append(loss)
            self.splits.append(next((split for ref, split in self._given if ref() is batch), -1))
            self.modes.append(int(training))
            self.used.append(0)
            counts = self.used
        logits.register_hook(lambda _: _add(counts, place))  # type: ignore[no-untyped-call]


def _add(counts: list[int], place: int) -> None:
    counts[place] += 1


class CharModel(nn.Module):
    """Guesses the next character from this one and the one before it."""

    def __init__(self, characters: int, seed: int, log: Log) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.embedding: nn.Embedding = nn.utils.skip_init(nn.Embedding, characters, EMBEDDING)  # type: ignore[no-untyped-call]
        self.hidden: nn.Linear = nn.utils.skip_init(nn.Linear, 2 * EMBEDDING, HIDDEN)  # type: ignore[no-untyped-call]
        self.output: nn.Linear = nn.utils.skip_init(nn.Linear, HIDDEN, characters)  # type: ignore[no-untyped-call]
        self.dropout = nn.Dropout(DROPOUT)
        self.log = log
        with torch.no_grad():
            self.embedding.weight.normal_(0.0, 1.0, generator=generator)
            for layer in (self.hidden, self.output):
                layer.weight.normal_(0.0, layer.in_features**-0.5, generator=generator)
                layer.bias.zero_()

    def forward(self, xb: torch.Tensor, yb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of shape (batch, length, characters), and the mean cross-entropy."""
        now = self.embedding(xb)
        before = functional.pad(now[:, :-1], (0, 0, 1, 0))
        logits = self.output(self.dropout(torch.relu(self.hidden(torch.cat([now, before], dim=-1)))))
        loss = functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), yb.reshape(-1))
        self.log.computed(xb, logits, loss.detach(), self.training)
        return logits, loss


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `train`, by name and in that order, and the log of what they saw.

    `seeds` holds "init" and "order" (63 bits each); both feed generators of their own.
    """
    log = Log()
    texts = [np.load(data / f"{name}.npy", allow_pickle=False) for name in ("train", "val")]
    model = CharModel(parameters["characters"], seeds["init"], log)
    rates = [rate for rate, steps in json.loads(parameters[parameters["rates"]]) for _ in range(steps)]
    get_batch = _batches(texts, seeds["order"], parameters["batch_size"], parameters["length"], log)
    return {
        "model": model,
        "get_batch": get_batch,
        "optimizer": _optimizer(model, parameters),
        "schedule": lambda step: rates[step] if 0 <= step < len(rates) else 0.0,
        "max_steps": parameters["max_steps"],
        "grad_accum": parameters["grad_accum"],
        "max_norm": parameters["max_norm"],
        "eval_interval": parameters["eval_interval"],
        "estimate_loss": _estimate(model, texts, seeds["order"], parameters, log),
        "log": log,
    }


def drive(student: Any, given: dict[str, Any]) -> None:
    """Train once, and record what came back beside what the exercise's own pieces saw."""
    returned = student.call("train", *(given[name] for name in TRAIN), names=TRAIN, record=False)
    student.record("train", returned, case="returned")
    for case, value, notes in told(given):
        student.record("train", value, case=case, notes=notes)


def told(given: dict[str, Any]) -> list[tuple[str, Any, dict[str, list[int]]]]:
    """What the exercise's own pieces saw: a replay tells it of its own, and only that is judged."""
    log: Log = given["log"]
    return [("losses", [float(loss) for loss in log.losses], _notes(log))]


def rates(given: dict[str, Any]) -> list[float]:
    """The rate that the exercise gives for each step."""
    return [given["schedule"](step) for step in range(given["max_steps"])]


def _notes(log: Log) -> dict[str, list[int]]:
    before, training, gradients, backward = (
        [list(column) for column in zip(*log.evaluations, strict=True)]
        if log.evaluations
        else [[], [], [], []]
    )
    return {
        "splits": log.splits,
        "modes": log.modes,
        "used": log.used,
        "draws": log.draws,
        "evaluated_after": before,
        "evaluated_training": training,
        "evaluated_gradients": gradients,
        "evaluated_backward": backward,
    }


def _optimizer(model: CharModel, parameters: dict[str, Any]) -> torch.optim.Optimizer:
    """Two groups, as language models have them: matrices decay, biases and embeddings do not."""
    matrices = [model.hidden.weight, model.output.weight]
    others = [model.embedding.weight, model.hidden.bias, model.output.bias]
    rate = parameters["peak"]
    if parameters["optimizer"] == "sgd":
        return torch.optim.SGD([{"params": matrices}, {"params": others}], lr=rate)
    decay = parameters["weight_decay"]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate)


def _batches(
    texts: list[Any], seed: int, batch_size: int, length: int, log: Log
) -> Callable[[str], tuple[torch.Tensor, torch.Tensor]]:
    """The function that draws random pieces of a text; each split has a generator of its own."""
    sources = [torch.from_numpy(text.astype(np.int64)) for text in texts]
    generators = [torch.Generator().manual_seed(seed ^ split) for split in range(2)]

    def get_batch(split: str) -> tuple[torch.Tensor, torch.Tensor]:
        which = ("train", "val").index(split)
        source = sources[which]
        starts = torch.randint(len(source) - length, (batch_size,), generator=generators[which])
        xb = torch.stack([source[start : start + length] for start in starts.tolist()])
        yb = torch.stack([source[start + 1 : start + length + 1] for start in starts.tolist()])
        log.drawn(xb, which)
        return xb, yb

    return get_batch


def _estimate(
    model: CharModel, texts: list[Any], seed: int, parameters: dict[str, Any], log: Log
) -> Callable[[], torch.Tensor]:
    """The function that measures the model on held-out text, as it stands: mode and gradients are the caller's."""
    private = _batches(texts, seed ^ 2, parameters["batch_size"], parameters["length"], Log())

    def estimate_loss() -> torch.Tensor:
        log.estimating = True
        log.evaluations.append([len(log.losses), int(model.training), int(torch.is_grad_enabled()), 0])
        try:
            return torch.stack([model(*private("val"))[1] for _ in range(ESTIMATES)]).mean()
        finally:
            log.estimating = False

    return estimate_loss
