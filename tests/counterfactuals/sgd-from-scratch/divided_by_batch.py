"""The gradient of a mean is averaged once more."""

import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for inputs, labels in loader:
            size = inputs.shape[0]
            model.zero_grad()
            criterion(model(inputs), labels).backward()
            for weight in model.parameters():
                with torch.no_grad():
                    weight.sub_(lr * weight.grad / size)
