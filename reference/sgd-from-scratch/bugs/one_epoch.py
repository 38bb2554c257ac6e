# expect: wrong-hyperparameter numeric: a loop that trains for one epoch
import torch


def train(model, loader, criterion, lr, epochs):
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * p.grad
                p.grad.zero_()
