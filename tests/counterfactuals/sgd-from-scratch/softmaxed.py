"""The criterion, which has a softmax of its own, gets probabilities."""

import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for inputs, labels in loader:
            shares = torch.nn.functional.softmax(model(inputs), dim=-1)
            criterion(shares, labels).backward()
            with torch.no_grad():
                for weight in model.parameters():
                    weight.copy_(weight - lr * weight.grad)
                    weight.grad = None
