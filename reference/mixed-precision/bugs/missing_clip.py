# expect: missing-clip numeric
"""Unscales, and then clips nothing."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            scaler.step(optimizer)
            scaler.update()
