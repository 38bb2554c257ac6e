# expect: graph-leak
import torch


def train(model, loader, criterion, lr, epochs):
    losses = []
    for _ in range(epochs):
        for x, y in loader:
            losses.append(criterion(model(x), y))
            losses[-1].backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= lr * p.grad
                    p.grad = None
    return losses
