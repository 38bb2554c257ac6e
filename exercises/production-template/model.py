"""What production-template hands to the student's function: built in the sandbox, from files and public seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

Point = tuple[torch.Tensor, ...]


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, object]:
    """The arguments of `train(model, train_loader, val_loader, epochs, lr, device)`, by name and in that order.

    `device` is "cuda" where there is a GPU, else "cpu"; the model lies on the CPU, like the batches.
    """
    order = torch.Generator().manual_seed(seeds["order"])
    size = parameters["batch_size"]
    train_loader: DataLoader[Point] = DataLoader(
        _points(data, "train"), batch_size=size, shuffle=True, generator=order
    )
    val_loader: DataLoader[Point] = DataLoader(_points(data, "val"), batch_size=4 * size)
    return {
        "model": _network(seeds["init"]),
        "train_loader": train_loader,
        "val_loader": val_loader,
        "epochs": parameters["epochs"],
        "lr": parameters["lr"],
        "device": "cuda" if torch.cuda.is_available() else "cpu",
    }


def _points(data: Path, part: str) -> TensorDataset:
    return TensorDataset(*(torch.from_numpy(np.load(data / f"{part}-{name}.npy")) for name in ("x", "y")))


def _network(seed: int) -> nn.Sequential:
    """16 inputs, 64 hidden units with batch norm and dropout, 4 classes; drawn by a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    layers = [nn.utils.skip_init(nn.Linear, *size) for size in ((16, 64), (64, 4))]  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for layer in layers:
            bound = layer.in_features**-0.5
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
    return nn.Sequential(layers[0], nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2), layers[1])
