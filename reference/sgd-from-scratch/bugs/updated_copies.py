# expect: missing-step
import torch


def train(model, loader, criterion, lr, epochs):
    weights = [p.detach().clone() for p in model.parameters()]
    for _ in range(epochs):
        for x, y in loader:
            grads = torch.autograd.grad(criterion(model(x), y), list(model.parameters()))
            for w, g in zip(weights, grads):
                w -= lr * g
