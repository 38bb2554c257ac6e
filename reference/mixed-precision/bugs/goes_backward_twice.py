# expect: double-backward
"""Each batch goes forward and backward twice before the step."""

import torch
from torch import nn


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    model.train()
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.bfloat16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            with torch.autocast(device_type=device, dtype=torch.bfloat16):
                again = criterion(model(x.to(device)), y.to(device))
            scaler.scale(again).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
