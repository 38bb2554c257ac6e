# expect: missing-zero-grad numeric: a loop that clears gradients once an epoch
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        model.zero_grad()
        for x, y in loader:
            criterion(model(x), y).backward()
            for p in model.parameters():
                p.data.add_(p.grad, alpha=-lr)
