# expect: clip-before-unscale
"""Gathers two batches, clips, then unscales."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for number, (x, y) in enumerate(loader):
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device)) / 2
            scaler.scale(loss).backward()
            if number % 2:
                torch.nn.utils.clip_grad_norm_([p for p in model.parameters()], max_norm)
                scaler.unscale_(optimizer)
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()
