# expect: wrong-hyperparameter numeric: a loop without autocast
"""Everything through the scaler, but the forward pass in 32 bits."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
