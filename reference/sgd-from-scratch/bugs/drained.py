# expect: drained-iterator
import torch


def train(model, loader, criterion, lr, epochs):
    batches = iter(loader)
    for _ in range(epochs):
        for x, y in batches:
            model.zero_grad()
            criterion(model(x), y).backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= lr * p.grad
