"""Two batches share a step: unscaled, clipped and updated once for both."""

import torch
from torch.nn.utils import clip_grad_norm_

SHARE = 2


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    model.train()
    for _ in range(epochs):
        optimizer.zero_grad(set_to_none=True)
        for number, (x, y) in enumerate(loader, start=1):
            with torch.autocast(device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device)) / SHARE
            scaler.scale(loss).backward()
            if number % SHARE == 0 or number == len(loader):
                scaler.unscale_(optimizer)
                clip_grad_norm_(model.parameters(), max_norm)
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad(set_to_none=True)
