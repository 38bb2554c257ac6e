# expect: missing-step numeric: a loop that clears gradients before the update
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            model.zero_grad(set_to_none=False)
            with torch.no_grad():
                for p in model.parameters():
                    p -= lr * p.grad
