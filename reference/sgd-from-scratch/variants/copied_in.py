"""copy_ writes the new values into the old tensors; module by module."""

import torch
from torch import nn


def update(module, lr):
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Linear):
                layer.weight.copy_(layer.weight - lr * layer.weight.grad)
                layer.bias.copy_(layer.bias - lr * layer.bias.grad)


def train(model, loader, criterion, lr, epochs):
    model.train()
    epoch = 0
    while epoch < epochs:
        for x, y in loader:
            model.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            update(model, lr)
        epoch += 1
