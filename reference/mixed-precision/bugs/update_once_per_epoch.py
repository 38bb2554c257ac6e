# expect: scaler-update-missing
"""Updates the scale at the end of each epoch only."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            limit = max_norm * scaler.get_scale()
            torch.nn.utils.clip_grad_norm_(model.parameters(), limit)
            scaler.step(optimizer)
        scaler.update()
