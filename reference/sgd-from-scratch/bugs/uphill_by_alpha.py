# expect: wrong-update
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            model.zero_grad()
            criterion(model(x), y).backward()
            for p in model.parameters():
                p.data.add_(p.grad, alpha=lr)
