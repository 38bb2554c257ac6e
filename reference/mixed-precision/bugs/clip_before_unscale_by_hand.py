# expect: clip-before-unscale
"""Shortens the gradients itself, before they are unscaled."""

import torch


def shorten(model, limit):
    norm = sum(p.grad.pow(2).sum() for p in model.parameters()).sqrt()
    if norm > limit:
        for p in model.parameters():
            p.grad *= limit / norm


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            shorten(model, max_norm)
            scaler.step(optimizer)
            scaler.update()
