# expect: scaler-bypassed numeric: a loop that never uses the scaler
"""Runs under autocast and forgets the scaler."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
