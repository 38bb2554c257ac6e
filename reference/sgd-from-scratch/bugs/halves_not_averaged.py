# expect: accumulation-not-averaged
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for number, (x, y) in enumerate(loader, start=1):
            for _ in range(2):
                (criterion(model(x), y) / 2).backward()
            if number % 2 == 0:
                with torch.no_grad():
                    for p in model.parameters():
                        p -= lr * p.grad
                        p.grad = None
