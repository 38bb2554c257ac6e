# expect: same-batch-repeated
import torch


def train(model, loader, criterion, lr, epochs):
    x, y = next(iter(loader))
    for _ in range(epochs * len(loader)):
        model.zero_grad()
        criterion(model(x), y).backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * p.grad
