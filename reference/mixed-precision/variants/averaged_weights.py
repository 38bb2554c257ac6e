"""Keeps a moving average of the weights beside the model, and tells a skipped step by the scale."""

import copy

import torch
from torch import nn


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    average = copy.deepcopy(model).requires_grad_(False)
    skipped = 0
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            before = scaler.get_scale()
            scaler.step(optimizer)
            scaler.update()
            if scaler.get_scale() < before:
                skipped += 1
                continue
            with torch.no_grad():
                for mean, weight in zip(average.parameters(), model.parameters()):
                    mean.lerp_(weight, 0.05)
    return skipped
