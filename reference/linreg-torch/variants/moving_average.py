"""Keeps an exponential moving average of the weights beside the model; the model itself is untouched by it."""

import copy

import torch


def train(model, loader, criterion, optimizer, epochs):
    average = copy.deepcopy(model)
    for parameter in average.parameters():
        parameter.requires_grad_(False)
    history = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                for slow, fast in zip(average.parameters(), model.parameters()):
                    slow.lerp_(fast, 0.1)
            total += loss.item()
        history.append(total / len(loader))
    return history
