"""What mixed-precision hands to the student's function: built in the sandbox, from files and public seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

Point = tuple[torch.Tensor, ...]


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, object]:
    """The arguments of `train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device)`, in order.

    `device` is "cuda" where there is a GPU, else "cpu"; the model lies there, the batches do not.  The
    scaler is switched on where `parameters["scaling"]` is 1; its first scale lets 16 bits overflow.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = _network(seeds["init"]).to(device)
    points = TensorDataset(*(torch.from_numpy(np.load(data / f"{name}.npy")) for name in ("x", "y")))
    order = torch.Generator().manual_seed(seeds["order"])
    loader: DataLoader[Point] = DataLoader(
        points, batch_size=parameters["batch_size"], shuffle=True, generator=order
    )
    scaler = torch.amp.GradScaler(
        device, init_scale=parameters["init_scale"], enabled=bool(parameters["scaling"])
    )
    return {
        "model": model,
        "loader": loader,
        "criterion": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(
            model.parameters(), lr=parameters["lr"], momentum=parameters["momentum"]
        ),
        "scaler": scaler,
        "max_norm": parameters["max_norm"],
        "epochs": parameters["epochs"],
        "device": device,
    }


def _network(seed: int) -> nn.Sequential:
    """8 inputs, 32 hidden units, 4 classes; PyTorch's own ranges, drawn by a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    layers = [nn.utils.skip_init(nn.Linear, *size) for size in ((8, 32), (32, 4))]  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for layer in layers:
            bound = layer.in_features**-0.5
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
    return nn.Sequential(layers[0], nn.ReLU(), layers[1])
