"""What sgd-from-scratch hands to the student's function: built in the sandbox, from files and public seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, object]:
    """The arguments of `train(model, loader, criterion, lr, epochs)`, by name and in that order."""
    x, y = (torch.from_numpy(np.load(data / f"{name}.npy", allow_pickle=False)) for name in ("x", "y"))
    order = torch.Generator().manual_seed(seeds["order"])
    loader = DataLoader(TensorDataset(x, y), parameters["batch_size"], shuffle=True, generator=order)
    return {
        "model": _network(seeds["init"]),
        "loader": loader,
        "criterion": nn.CrossEntropyLoss(),
        "lr": parameters["lr"],
        "epochs": parameters["epochs"],
    }


def sources(data: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Every row a batch may come from, by name."""
    return {"train": np.load(data / "x.npy", allow_pickle=False)}


def _network(seed: int) -> nn.Sequential:
    """Two inputs, 12 hidden units, three scores; its weights from a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    layers = [nn.utils.skip_init(nn.Linear, *shape) for shape in ((2, 12), (12, 3))]  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for layer in layers:
            for parameter in layer.parameters():
                limit = layer.in_features**-0.5
                parameter.uniform_(-limit, limit, generator=generator)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1])
