# expect: wrong-hyperparameter
import torch


def train(model, loader, criterion, lr, epochs):
    step = 0
    for _ in range(epochs):
        for x, y in loader:
            step += 1
            grads = torch.autograd.grad(criterion(model(x), y), tuple(model.parameters()))
            with torch.no_grad():
                for p, g in zip(model.parameters(), grads):
                    p -= lr / step**0.5 * g
