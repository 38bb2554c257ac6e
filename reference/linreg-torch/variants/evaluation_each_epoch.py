"""Reports the loss over all points after each epoch, measured without a graph."""

import torch


def train(model, loader, criterion, optimizer, epochs):
    x_all, y_all = loader.dataset.tensors
    averages = []
    for _ in range(epochs):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            averages.append(criterion(model(x_all), y_all).item())
    return averages
