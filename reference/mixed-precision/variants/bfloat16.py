"""bfloat16 has the range of float32, so nothing overflows; the scaler goes along all the same."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    model.train()
    total = 0
    for _ in range(epochs):
        for x, y in loader:
            x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
            optimizer.zero_grad(set_to_none=False)
            with torch.autocast(device_type=device, dtype=torch.bfloat16):
                output = model(x)
            loss = criterion(output.float(), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            total += torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm, foreach=True)
            scaler.step(optimizer)
            scaler.update()
