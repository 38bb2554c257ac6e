"""Train in mixed precision: 16 bits where they are enough, 32 where they are not."""

import torch
from torch import nn


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    """Train `model` for `epochs` passes over `loader`, every gradient clipped to the norm `max_norm`."""
    model.train()
    for _ in range(epochs):
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad(set_to_none=True)

            # Matrix products in float16, sums and the loss in float32.  Only forward and loss belong in here:
            # the backward pass uses the types that the forward pass used.
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x), y)

            # float16 loses what is below 6e-8, so the loss is multiplied by a large number first …
            scaler.scale(loss).backward()
            # … and the gradients, kept in float32, are divided by it again: max_norm is meant for the true ones.
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)

            # A gradient above 65,504 overflows.  Such a step is left out here, and the scale lowered there.
            scaler.step(optimizer)
            scaler.update()
