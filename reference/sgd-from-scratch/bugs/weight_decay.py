# expect: wrong-update
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            model.zero_grad()
            criterion(model(x), y).backward()
            with torch.no_grad():
                for p in model.parameters():
                    p.mul_(1 - lr * 0.05).sub_(lr * p.grad)
