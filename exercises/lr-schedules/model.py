"""What lr-schedules hands to the student's functions: built in the sandbox, from files and public seeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

TRAIN = ("model", "loader", "criterion", "optimizer", "scheduler", "schedule_per", "epochs")


class OneCycleLR(lr_scheduler.OneCycleLR):
    """OneCycle that stays at its last rate when it is called too often, where torch's own raises an error."""

    def step(self, epoch: int | None = None) -> None:
        if self.last_epoch < self.total_steps - 1:
            super().step(epoch)


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `train`, by name and in that order, and the cases for `warmup_cosine`.

    `seeds` holds "init" and "order" (63 bits each); both feed generators of their own.
    """
    model = _model(seeds["init"])
    points = TensorDataset(
        *(torch.from_numpy(np.load(data / f"{name}.npy", allow_pickle=False)) for name in ("x", "y"))
    )
    order = torch.Generator().manual_seed(seeds["order"])
    loader: DataLoader[tuple[torch.Tensor, ...]] = DataLoader(
        points, batch_size=parameters["batch_size"], shuffle=True, generator=order
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=parameters["lr"])
    return {
        "model": model,
        "loader": loader,
        "criterion": nn.MSELoss(),
        "optimizer": optimizer,
        "scheduler": _scheduler(optimizer, parameters, len(loader)),
        "schedule_per": parameters["schedule_per"],
        "epochs": parameters["epochs"],
        "cases": json.loads((data / "cases.json").read_text(encoding="utf-8")),
    }


def drive(student: Any, given: dict[str, Any]) -> None:
    """Train once, then ask for the rate at many steps; an arithmetic error there is an answer, too."""
    student.call("train", *(given[name] for name in TRAIN), names=TRAIN, record=False)
    for case in given["cases"]:
        words = "step={}, warmup={}, total={}, peak={}".format(*case)
        try:
            student.call("warmup_cosine", *case, names=("step", "warmup", "total", "peak"), case=words)
        except ArithmeticError as error:
            student.record("warmup_cosine", f"a {type(error).__name__}", case=words)


def _scheduler(
    optimizer: torch.optim.Optimizer, parameters: dict[str, Any], steps: int
) -> lr_scheduler.LRScheduler:
    if parameters["schedule"] == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=parameters["epochs"])
    if parameters["schedule"] == "onecycle":
        total = parameters["epochs"] * steps
        return OneCycleLR(optimizer, max_lr=parameters["lr"], total_steps=total, cycle_momentum=False)
    return lr_scheduler.StepLR(optimizer, step_size=parameters["step_size"], gamma=parameters["gamma"])


def _model(seed: int) -> nn.Linear:
    """A Linear(8, 1) that starts near zero, far from every line of the task."""
    generator = torch.Generator().manual_seed(seed)
    model: nn.Linear = nn.utils.skip_init(nn.Linear, 8, 1)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.2, 0.2, generator=generator)
    return model
