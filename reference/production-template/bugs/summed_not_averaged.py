# expect: accumulation-not-averaged
"""Two batches' losses are added up where their average belongs."""

import torch
from torch import nn


GATHERED = 2


def train(model, train_loader, val_loader, epochs, lr, device):
    model.to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        model.train()
        optimizer.zero_grad()
        for number, (x, y) in enumerate(train_loader, start=1):
            (criterion(model(x.to(device)), y.to(device))).backward()
            if number % GATHERED == 0:
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad()
        scheduler.step()
        model.eval()
        with torch.inference_mode():
            for x, y in val_loader:
                criterion(model(x.to(device)), y.to(device))
    return model
