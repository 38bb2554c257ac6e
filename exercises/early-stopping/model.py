"""What early-stopping hands to the student's function: built in the sandbox, from files and public seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

Point = tuple[torch.Tensor, ...]


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, object]:
    """The arguments of `fit(model, train_loader, val_loader, criterion, optimizer, max_epochs, patience)`.

    `seeds` holds "init" and "order" (63 bits each).  Both feed generators of their own.
    """
    model = _network(seeds["init"], parameters["dropout"])
    order = torch.Generator().manual_seed(seeds["order"])
    train_loader: DataLoader[Point] = DataLoader(
        _points(data, "train"), batch_size=parameters["batch_size"], shuffle=True, generator=order
    )
    val_loader: DataLoader[Point] = DataLoader(_points(data, "val"), batch_size=parameters["val_batch_size"])
    return {
        "model": model,
        "train_loader": train_loader,
        "val_loader": val_loader,
        "criterion": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=parameters["lr"]),
        "max_epochs": parameters["max_epochs"],
        "patience": parameters["patience"],
    }


def sources(data: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Every row a batch may come from, by name: points of shape (points, 20)."""
    return {"train": np.load(data / "train-x.npy"), "held-out": np.load(data / "val-x.npy")}


def observe(given: dict[str, Any]) -> dict[str, float]:
    """The model's true validation loss in evaluation mode.

    It draws no random number and puts every layer's mode back.
    """
    x, y = given["val_loader"].dataset.tensors
    layers = [(layer, layer.training) for layer in given["model"].modules()]
    given["model"].eval()
    try:
        losses = [
            float(functional.cross_entropy(given["model"](part), labels))
            for part, labels in zip(
                x.split(given["val_loader"].batch_size), y.split(given["val_loader"].batch_size), strict=True
            )
        ]
    finally:
        for layer, mode in layers:
            layer.training = mode
    return {"val_loss": sum(losses) / len(losses)}  # all batches are of one size


def _points(data: Path, part: str) -> TensorDataset:
    return TensorDataset(*(torch.from_numpy(np.load(data / f"{part}-{name}.npy")) for name in ("x", "y")))


def _network(seed: int, dropout: float) -> nn.Sequential:
    """20 inputs, 128 hidden units with dropout, 3 classes; drawn by a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    layers = [nn.utils.skip_init(nn.Linear, *size) for size in ((20, 128), (128, 3))]  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for layer in layers:
            bound = layer.in_features**-0.5
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
    return nn.Sequential(layers[0], nn.ReLU(), nn.Dropout(dropout), layers[1])
