"""A fused Adam of its own, which unscales inside its step where nothing did before."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    fused = torch.optim.Adam([{"params": [p]} for p in model.parameters()], lr=0.01, fused=True)
    for _ in range(epochs):
        for x, y in loader:
            fused.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            limit = max_norm * scaler.get_scale()
            torch.nn.utils.clip_grad_norm_(
                [p for group in fused.param_groups for p in group["params"]], limit
            )
            scaler.step(fused)
            scaler.update()
