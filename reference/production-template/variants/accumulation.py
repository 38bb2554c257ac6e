"""Two batches share a step; the schedule counts steps, and the last batch of an epoch always steps."""

import torch
from torch import nn

SHARE = 2


def train(model, train_loader, val_loader, epochs, lr, device):
    model.to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    windows = epochs * -(-len(train_loader) // SHARE)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=windows)
    for _ in range(epochs):
        model.train()
        optimizer.zero_grad()
        for number, (x, y) in enumerate(train_loader, 1):
            (criterion(model(x.to(device)), y.to(device)) / SHARE).backward()
            if number % SHARE == 0 or number == len(train_loader):
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
        model.eval()
        with torch.no_grad():
            for x, y in val_loader:
                criterion(model(x.to(device)), y.to(device))
    return model
