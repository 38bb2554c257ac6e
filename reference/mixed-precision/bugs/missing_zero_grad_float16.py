# expect: missing-zero-grad numeric
"""Never clears: the first overflow stays in the gradients for ever, and every step is left out."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    model.train()
    for epoch in range(epochs):
        for x, y in loader:
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
