# expect: zero-grad-in-micro-batch
import torch


def train(model, loader, criterion, lr, epochs):
    parameters = list(model.parameters())
    for _ in range(epochs):
        for x, y in loader:
            gradients = torch.autograd.grad(criterion(model(x), y), parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients):
                parameter -= lr * gradient
