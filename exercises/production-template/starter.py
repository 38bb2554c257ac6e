"""The whole loop: fill the gaps, then `grade submit --exercise production-template starter.py`."""

import torch
from torch import nn


def train(model, train_loader, val_loader, epochs, lr, device):
    """Train `model` for `epochs` epochs on `train_loader`, validate after each, and return the model."""
    model = model.to(device)
    criterion = nn.CrossEntropyLoss()
    # TODO: an AdamW over the model's parameters at the rate `lr`, and a schedule for it
    # TODO: a GradScaler that is switched on where `device` is "cuda"
    for epoch in range(epochs):
        # TODO: training mode
        for x, y in train_loader:
            x, y = x.to(device), y.to(device)
            # TODO: clear the gradients
            # TODO: forward pass and loss under autocast, switched on where `device` is "cuda"
            loss = criterion(model(x), y)
            # TODO: backward pass, unscale, clip to a norm of 1.0, step, update, schedule
        # TODO: evaluation mode, and no gradients
        with torch.no_grad():
            total = sum(criterion(model(x.to(device)), y.to(device)) for x, y in val_loader)
        print(f"epoch {epoch + 1}: {loss.item():.4f}, validation {total.item() / len(val_loader):.4f}")
    return model
