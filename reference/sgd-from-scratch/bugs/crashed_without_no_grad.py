# expect: crashed
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            for p in model.parameters():
                p -= lr * p.grad
                p.grad = None
