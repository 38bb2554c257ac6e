"""Smoothed one-hot rows as targets."""

import torch


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            target = torch.nn.functional.one_hot(y, 2) * 0.9 + 0.05
            optimizer.zero_grad()
            loss = criterion(model(x), target)
            loss.backward()
            optimizer.step()
