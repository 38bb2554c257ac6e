# expect: step-before-backward numeric
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            for p in model.parameters():
                if p.grad is not None:
                    p.data -= lr * p.grad
                    p.grad = None
            loss.backward()
