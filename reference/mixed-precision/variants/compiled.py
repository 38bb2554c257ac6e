"""Compiles the model first (with the backend that changes nothing), and follows the mean loss."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    fast = torch.compile(model, backend="eager")
    history = []
    for _ in range(epochs):
        total = torch.zeros((), device=device)
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(fast(x), y)
            optimizer.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(fast.parameters(), max_norm, error_if_nonfinite=False)
            scaler.step(optimizer)
            scaler.update()
            total += loss.detach()
        history.append((total / len(loader)).item())
    return history
