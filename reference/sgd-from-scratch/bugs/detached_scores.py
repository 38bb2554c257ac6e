# expect: broken-graph
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            scores = model(x).detach().requires_grad_()
            model.zero_grad()
            criterion(scores, y).backward()
            with torch.no_grad():
                for p in model.parameters():
                    if p.grad is not None:
                        p -= lr * p.grad
