# expect: optimizer-foreign-parameters
import torch
from torch import nn


def train(model, loader, criterion, optimizer, epochs):
    # A fresh start; but the optimizer still holds the parameters from before.
    model.weight = nn.Parameter(torch.zeros(1, 1))
    model.bias = nn.Parameter(torch.zeros(1))
    history = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for x, y in loader:
            loss = criterion(model(x), y)
            model.zero_grad()
            loss.backward()
            optimizer.step()
            total, count = total + loss.item(), count + 1
        history.append(total / count)
    return history
