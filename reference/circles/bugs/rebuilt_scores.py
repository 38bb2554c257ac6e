# expect: broken-graph
import torch


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(torch.tensor(model(x).tolist(), requires_grad=True), y)
            loss.backward()
            optimizer.step()
