"""Divides the gradients by the scale itself, looks for infinities, and keeps the scale in order."""

import torch
from torch import nn


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            scale = scaler.get_scale()
            grads = [p.grad for p in model.parameters() if p.grad is not None]
            for grad in grads:
                grad.div_(scale)
            if all(torch.isfinite(grad).all() for grad in grads):
                nn.utils.clip_grad_norm_(model.parameters(), max_norm)
                optimizer.step()
            else:
                scaler.update(scale / 2)
