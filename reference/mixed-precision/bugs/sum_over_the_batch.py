# expect: wrong-hyperparameter
"""The sum over the samples goes backward, not their average."""

import torch
from torch import nn


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    model.train()
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.bfloat16):
                loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device), reduction="sum")
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
