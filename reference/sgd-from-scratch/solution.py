# exercise: sgd-from-scratch
"""Gradient descent by hand: what stands behind optimizer.zero_grad() and optimizer.step()."""

import torch


def train(model, loader, criterion, lr, epochs):
    """Train `model` for `epochs` passes over `loader`, without torch.optim."""
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()  # fills p.grad of every parameter
            with torch.no_grad():  # an update is no part of what is differentiated
                for p in model.parameters():
                    p -= lr * p.grad  # in place: `p = p - …` would only rename a new tensor
                    p.grad = None  # backward adds to what is there, so what was used must go
