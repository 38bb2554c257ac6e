"""One call for all parameters; evaluation after every epoch."""

import torch


def accuracy(model, loader):
    with torch.no_grad():
        right = sum((model(x).argmax(1) == y).sum() for x, y in loader)
    return right.item() / len(loader.dataset)


def train(model, loader, criterion, lr, epochs):
    parameters = tuple(model.parameters())
    seen = []
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            torch._foreach_add_([p.data for p in parameters], [p.grad for p in parameters], alpha=-lr)
            model.zero_grad(set_to_none=False)
        seen.append(accuracy(model, loader))
    return seen
