"""Computes the hidden layer again in the backward pass, under the same autocast, to save memory."""

import torch
from torch.utils.checkpoint import checkpoint


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    model.train()
    for _ in range(epochs):
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device_type=device, dtype=torch.float16):
                output = checkpoint(model, x, use_reentrant=False)
                loss = criterion(output, y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
