"""All parameters as one vector, there and back."""

import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for inputs, labels in loader:
            for p in model.parameters():
                p.grad = None
            criterion(model(inputs), labels).backward()
            with torch.no_grad():
                gradient = torch.cat([p.grad.reshape(-1) for p in model.parameters()])
                vector_to_parameters(
                    parameters_to_vector(model.parameters()) - lr * gradient, model.parameters()
                )
