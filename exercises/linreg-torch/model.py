"""What linreg-torch hands to the student's function: built in the sandbox, from files and public seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

Point = tuple[torch.Tensor, ...]


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, object]:
    """The arguments of `train(model, loader, criterion, optimizer, epochs)`, by name and in that order.

    `seeds` holds "init" and "order" (63 bits each).  Both feed generators of their own: whatever the
    student's code draws from the global one changes neither the weights nor the order of the points.
    """
    model = _line(seeds["init"])
    points = TensorDataset(*(torch.from_numpy(_load(data, name)) for name in ("x", "y")))
    order = torch.Generator().manual_seed(seeds["order"])
    loader: DataLoader[Point] = DataLoader(
        points, batch_size=parameters["batch_size"], shuffle=True, generator=order
    )
    return {
        "model": model,
        "loader": loader,
        "criterion": nn.MSELoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=parameters["lr"]),
        "epochs": parameters["epochs"],
    }


def sources(data: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Every row a batch may come from, by name: the x of the training points, shape (128, 1)."""
    return {"train": _load(data, "x")}


def _line(seed: int) -> nn.Linear:
    """A Linear(1, 1) that starts near zero, which is at least 1.1 in slope from every line of the task."""
    generator = torch.Generator().manual_seed(seed)
    line: nn.Linear = nn.utils.skip_init(nn.Linear, 1, 1)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for parameter in line.parameters():
            parameter.uniform_(-0.3, 0.3, generator=generator)
    return line


def _load(data: Path, name: str) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = np.load(data / f"{name}.npy", allow_pickle=False)
    return values
