"""Gradients pile up: nothing clears them after the update."""

import torch


@torch.no_grad()
def move(parameters, rate):
    for weight in parameters:
        weight.sub_(rate * weight.grad)


def train(model, loader, criterion, lr, epochs):
    weights = list(model.parameters())
    for _ in range(epochs):
        for inputs, labels in loader:
            criterion(model(inputs), labels).backward()
            move(weights, lr)
