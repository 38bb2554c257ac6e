# expect: clip-before-unscale
"""Cuts every number of the scaled gradients."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            torch.nn.utils.clip_grad_value_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
