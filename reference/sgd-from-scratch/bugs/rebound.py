# expect: missing-step
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p = p - lr * p.grad
