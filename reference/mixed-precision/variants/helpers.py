"""The same beat in small functions; the loss is a sum over the batch, divided by its size."""

from contextlib import nullcontext

import torch
from torch.nn import functional


def half(device, scaler):
    if scaler.is_enabled():
        return torch.autocast(device_type=device, dtype=torch.float16)
    return nullcontext()


def gradients(model, x, y, scaler, device):
    with half(device, scaler):
        logits = model(x)
        loss = functional.cross_entropy(logits, y, reduction="sum") / len(y)
    scaler.scale(loss).backward()


def move(optimizer, scaler, max_norm):
    scaler.unscale_(optimizer)
    for group in optimizer.param_groups:
        torch.nn.utils.clip_grad_norm_(group["params"], max_norm)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad(set_to_none=True)


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    for _ in range(epochs):
        for x, y in loader:
            gradients(model, x.to(device), y.to(device), scaler, device)
            move(optimizer, scaler, max_norm)
