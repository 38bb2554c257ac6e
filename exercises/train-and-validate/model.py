"""What train-and-validate hands to the student's function: built in the sandbox, from files and public seeds."""

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
    """The arguments of `fit(model, train_loader, val_loader, criterion, optimizer, epochs)`, in that order.

    `seeds` holds "init" and "order" (63 bits each).  Both feed generators of their own.
    """
    model = _network(seeds["init"])
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
        "optimizer": torch.optim.SGD(model.parameters(), lr=parameters["lr"], momentum=0.9),
        "epochs": parameters["epochs"],
    }


def sources(data: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Every row a batch may come from, by name: points of shape (points, 20)."""
    return {"train": np.load(data / "train-x.npy"), "held-out": np.load(data / "val-x.npy")}


def observe(given: dict[str, Any]) -> dict[str, float]:
    """The model's true loss and accuracy in evaluation mode, on the validation and the training set.

    "last" are those of the validation set's last batch, "batches" averages of the batches' averages.  It draws no
    random number and puts every layer's mode back.
    """
    layers = [(layer, layer.training) for layer in given["model"].modules()]
    given["model"].eval()
    try:
        val, train = (_measure(given["model"], given[name]) for name in ("val_loader", "train_loader"))
    finally:
        for layer, mode in layers:
            layer.training = mode
    return {f"val_{name}": value for name, value in val.items()} | {
        f"train_{name}": value for name, value in train.items()
    }


def _measure(model: nn.Module, loader: DataLoader[Point]) -> dict[str, float]:
    """By batches as the loader makes them; it is not iterated, because that draws a random number."""
    x, y = loader.dataset.tensors  # type: ignore[attr-defined]
    losses, rights, sizes = [], [], []
    for part, labels in zip(x.split(loader.batch_size), y.split(loader.batch_size), strict=True):
        logits = model(part)
        losses.append(float(functional.cross_entropy(logits, labels)))
        rights.append(float((logits.argmax(dim=1) == labels).double().mean()))
        sizes.append(len(part))
    return {
        "loss": float(np.average(losses, weights=sizes)),
        "loss_batches": float(np.mean(losses)),
        "loss_last": losses[-1],
        "accuracy": float(np.average(rights, weights=sizes)),
        "accuracy_batches": float(np.mean(rights)),
        "accuracy_last": rights[-1],
        "batches": float(len(sizes)),
        "samples": float(sum(sizes)),
    }


def _points(data: Path, part: str) -> TensorDataset:
    return TensorDataset(*(torch.from_numpy(np.load(data / f"{part}-{name}.npy")) for name in ("x", "y")))


def _network(seed: int) -> nn.Sequential:
    """20 inputs, 64 hidden units with batch norm and dropout, 4 classes; drawn by a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    layers = [nn.utils.skip_init(nn.Linear, *size) for size in ((20, 64), (64, 4))]  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for layer in layers:
            bound = layer.in_features**-0.5
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
    return nn.Sequential(layers[0], nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.3), layers[1])
