# expect: wrong-hyperparameter
"""Autocast begins after the forward pass, where there is nothing left to speed up."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            scores = model(x.to(device))
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(scores, y.to(device))
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
