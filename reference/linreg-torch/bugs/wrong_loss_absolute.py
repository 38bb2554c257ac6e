# expect: wrong-loss
from torch import nn


def train(model, loader, criterion, optimizer, epochs):
    absolute = nn.L1Loss()
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = absolute(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
