# expect: optimizer-foreign-parameters
import copy

import torch


def train(model, loader, criterion, optimizer, epochs):
    backup = copy.deepcopy(model)
    optimizer = torch.optim.SGD(backup.parameters(), lr=0.05)
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            model.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
