"""The update runs in a loop of two."""

import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for inputs, labels in loader:
            model.zero_grad()
            criterion(model(inputs), labels).backward()
            for _ in (1, 2):
                with torch.no_grad():
                    for weight in model.parameters():
                        weight.copy_(weight - lr * weight.grad)
