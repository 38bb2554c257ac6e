# expect: missing-backward numeric
"""Scales the loss and forgets to send it backward."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = scaler.scale(criterion(model(x.to(device)), y.to(device)))
            optimizer.step()
