# expect: wrong-update
import torch


def train(model, loader, criterion, lr, epochs):
    velocity = [torch.zeros_like(p) for p in model.parameters()]
    for _ in range(epochs):
        for x, y in loader:
            model.zero_grad()
            criterion(model(x), y).backward()
            with torch.no_grad():
                for p, v in zip(model.parameters(), velocity):
                    v.mul_(0.9).add_(p.grad)
                    p -= lr * v
