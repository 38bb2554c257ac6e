"""Clips the scaled gradients at a limit that is scaled, too, and lets the scaler's step unscale."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for epoch in range(epochs):
        for inputs, targets in loader:
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(inputs.to(device)), targets.to(device))
            scaler.scale(loss).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm * scaler.get_scale())
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
