"""Sets the rate on the groups itself: half a cosine over all steps."""

import math

import torch
from torch import nn


def train(model, train_loader, val_loader, epochs, lr, device):
    model.to(device)
    criterion, step = nn.CrossEntropyLoss(), 0
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    total = epochs * len(train_loader)
    epoch = 0
    while epoch < epochs:
        model.train()
        for batch in train_loader:
            x, y = (part.to(device) for part in batch)
            for group in optimizer.param_groups:
                group["lr"] = lr * 0.5 * (1 + math.cos(math.pi * step / total))
            model.zero_grad()
            criterion(model(x), y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
        model.eval()
        with torch.no_grad():
            for x, y in val_loader:
                criterion(model(x.to(device)), y.to(device))
        epoch += 1
    return model
