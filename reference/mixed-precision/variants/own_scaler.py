"""Makes a scaler of its own, at a lower first scale, wherever the given one is switched on."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    mine = torch.amp.GradScaler(device, init_scale=2.0**14, growth_interval=100, enabled=scaler.is_enabled())
    amp = torch.amp.autocast(device_type=device, dtype=torch.float16, enabled=scaler.is_enabled())
    for _ in range(epochs):
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            with amp:
                loss = criterion(model(x), y)
            optimizer.zero_grad()
            mine.scale(loss).backward()
            mine.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            mine.step(optimizer)
            mine.update()
