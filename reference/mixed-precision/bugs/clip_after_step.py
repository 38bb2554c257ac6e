# expect: clip-after-step numeric
"""Clips when the step is over."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.update()
