# expect: accumulation-not-averaged
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for number, (x, y) in enumerate(loader):
            criterion(model(x), y).backward()
            if number % 2 == 1:
                with torch.no_grad():
                    for p in model.parameters():
                        p -= lr * p.grad
                        p.grad = None
