# expect: scaler-update-missing
"""A new scaler for every batch: each starts at the same high scale, and every step overflows."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    first = scaler.get_scale()
    for _ in range(epochs):
        for x, y in loader:
            scaler = torch.amp.GradScaler(device, init_scale=max(first, 1e8))
            optimizer.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
