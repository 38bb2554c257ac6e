"""Gradients are multiplied by zero before they are used."""

import torch


class Descent:
    def __init__(self, weights, lr):
        self.weights, self.lr = list(weights), lr

    @torch.no_grad()
    def step(self):
        for weight in self.weights:
            weight.grad.mul_(0)
            weight.sub_(self.lr * weight.grad)


def train(model, loader, criterion, lr, epochs):
    descent = Descent(model.parameters(), lr)
    for _ in range(epochs):
        for inputs, labels in loader:
            criterion(model(inputs), labels).backward()
            descent.step()
