# expect: wrong-update numeric: a loop that updates twice with each gradient
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= lr * p.grad
                for p in model.parameters():
                    p -= lr * p.grad
                    p.grad = None
