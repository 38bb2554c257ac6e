# expect: loss-ignores-labels
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            model.zero_grad()
            loss = criterion(model(x), torch.zeros_like(y))
            loss.backward()
            for p in model.parameters():
                p.data -= lr * p.grad
