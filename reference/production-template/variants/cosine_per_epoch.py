"""Cosine over epochs, one call after each, and half precision wherever autocast has it."""

import torch
from torch import nn


def train(model, train_loader, val_loader, epochs, lr, device):
    model = model.to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    scaler = torch.amp.GradScaler(device)
    for epoch in range(epochs):
        model.train(True)
        for x, y in train_loader:
            optimizer.zero_grad(set_to_none=True)
            with torch.amp.autocast(device_type=device):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
        scheduler.step()
        model.train(False)
        with torch.no_grad():
            hits = [(model(x.to(device)).argmax(1) == y.to(device)).float().mean() for x, y in val_loader]
        print(epoch, torch.stack(hits).mean().item())
    return model
