# expect: clip-before-unscale numeric
"""What many published templates do: clip right after the backward pass, and let the step unscale."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
