"""The update uses what the batch before left in `.grad`."""

import torch


def train(model, loader, criterion, lr, epochs):
    weights = tuple(model.parameters())
    waiting = None
    for _ in range(epochs):
        for inputs, labels in loader:
            loss = criterion(model(inputs), labels)
            if waiting is not None:
                for weight, gradient in zip(weights, waiting):
                    weight.data.sub_(lr * gradient)
            model.zero_grad()
            loss.backward()
            waiting = [weight.grad.clone() for weight in weights]
