"""A few labels are changed at random on purpose; rotated copies of the points beside it."""

import torch


def train(model, loader, criterion, optimizer, epochs):
    generator = torch.Generator().manual_seed(1)
    for _ in range(epochs):
        for x, y in loader:
            flipped = torch.rand(len(y), generator=generator) < 0.02
            optimizer.zero_grad()
            loss = criterion(model(x), torch.where(flipped, 1 - y, y))
            loss.backward()
            optimizer.step()
