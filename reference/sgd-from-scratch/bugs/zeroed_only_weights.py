# expect: missing-zero-grad
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            with torch.no_grad():
                for name, p in model.named_parameters():
                    p -= lr * p.grad
                    if name.endswith("weight"):
                        p.grad.zero_()
