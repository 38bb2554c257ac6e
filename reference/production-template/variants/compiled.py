"""Compiles the model (with the backend that changes nothing) and returns the compiled one."""

import torch
from torch import nn


def train(model, train_loader, val_loader, epochs, lr, device):
    fast = torch.compile(model.to(device), backend="eager")
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = torch.optim.AdamW(fast.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, epochs * len(train_loader), eta_min=1e-5
    )
    for _ in range(epochs):
        fast.train()
        for x, y in train_loader:
            optimizer.zero_grad(set_to_none=True)
            criterion(fast(x.to(device)), y.to(device)).backward()
            nn.utils.clip_grad_norm_(fast.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
        fast.eval()
        with torch.no_grad():
            for x, y in val_loader:
                fast(x.to(device))
    return fast
