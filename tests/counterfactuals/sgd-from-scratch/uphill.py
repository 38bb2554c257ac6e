"""The negative loss goes backward, and the update subtracts."""

import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for inputs, labels in loader:
            model.zero_grad(set_to_none=True)
            (-criterion(model(inputs), labels)).backward()
            with torch.no_grad():
                for weight in model.parameters():
                    weight.sub_(lr * weight.grad)
