"""A fused SGD of its own at the same numbers, which unscales inside its step where nothing did before."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    settings = optimizer.param_groups[0]
    groups = [{"params": [p]} for p in model.parameters()]
    fused = torch.optim.SGD(groups, lr=settings["lr"], momentum=settings["momentum"], fused=True)
    for _ in range(epochs):
        for x, y in loader:
            fused.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            limit = max_norm * scaler.get_scale()
            torch.nn.utils.clip_grad_norm_([p for group in fused.param_groups for p in group["params"]], limit)
            scaler.step(fused)
            scaler.update()
