# expect: broken-graph
import torch


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            value = criterion(model(x), y).item()
            loss = torch.tensor(value, requires_grad=True)
            loss.backward()
            optimizer.step()
