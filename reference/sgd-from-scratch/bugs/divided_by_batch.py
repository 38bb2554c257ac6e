# expect: wrong-update numeric: a loop that divides a gradient that is a mean already by the batch's size
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= lr * p.grad / len(x)
                    p.grad = None
