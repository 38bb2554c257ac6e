# expect: zero-grad-after-backward
"""Clears the gradients between the backward pass and the step."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            with torch.autocast(device_type=device, dtype=torch.bfloat16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.zero_grad(set_to_none=False)
            scaler.step(optimizer)
            scaler.update()
