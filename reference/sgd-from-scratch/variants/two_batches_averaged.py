"""Two batches share an update; each loss is halved."""

import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        waiting = 0
        for x, y in loader:
            (criterion(model(x), y) / 2).backward()
            waiting += 1
            if waiting == 2:
                waiting = 0
                with torch.no_grad():
                    for p in model.parameters():
                        p -= lr * p.grad
                        p.grad = None
