"""An optimizer for each layer, two unscalings, one clip over everything, two steps, one update."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    numbers = {"lr": optimizer.param_groups[0]["lr"], "momentum": optimizer.param_groups[0]["momentum"]}
    layers = [layer for layer in model if list(layer.parameters())]
    optimizers = [torch.optim.SGD(layer.parameters(), **numbers) for layer in layers]
    for _ in range(epochs):
        for x, y in loader:
            model.zero_grad(set_to_none=True)
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            for one in optimizers:
                scaler.unscale_(one)
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            for one in optimizers:
                scaler.step(one)
            scaler.update()
