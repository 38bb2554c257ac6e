# expect: broken-graph
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            hidden = torch.tanh(model[0](x)).detach()
            loss = criterion(model[2](hidden), y)
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    if p.grad is not None:
                        p -= lr * p.grad
