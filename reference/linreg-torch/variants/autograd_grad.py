"""Asks for the gradients as values and updates by hand: nothing accumulates, so nothing needs clearing."""

import torch


def train(model, loader, criterion, optimizer, epochs):
    rate = optimizer.param_groups[0]["lr"]
    parameters = list(model.parameters())
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            gradients = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients):
                    parameter -= rate * gradient
            total += loss.item()
        averages.append(total / len(loader))
    return averages
