"""Keeps the weights of the epoch with the lowest validation loss, and puts them back at the end."""

import copy
import math

import torch
from torch import nn


def train(model, train_loader, val_loader, epochs, lr, device):
    model.to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 - epoch / epochs)
    best, lowest = None, math.inf
    for _ in range(epochs):
        model.train()
        for x, y in train_loader:
            x, y = x.to(device), y.to(device)
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
            optimizer.step()
        scheduler.step()

        model.eval()
        with torch.no_grad():
            total = sum(criterion(model(x.to(device)), y.to(device)).item() for x, y in val_loader)
        if total < lowest:
            best, lowest = copy.deepcopy(model.state_dict()), total
    model.load_state_dict(best)
    return model
