"""Measures and shortens the gradients itself, once they are unscaled."""

import torch


def shorten(parameters, limit):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum(g.pow(2).sum() for g in gradients))
    if norm > limit:
        for g in gradients:
            g.mul_(limit / norm)


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        batches = iter(loader)
        while (batch := next(batches, None)) is not None:
            x, y = (part.to(device) for part in batch)
            for p in model.parameters():
                p.grad = None
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            shorten(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
