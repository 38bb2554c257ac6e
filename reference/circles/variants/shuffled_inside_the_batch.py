"""Points and labels of a batch change places together."""

import torch


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            order = torch.randperm(len(x))
            x, y = x[order], y[order]
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
