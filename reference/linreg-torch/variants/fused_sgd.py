"""The same SGD at the same rate, in its fused form: one kernel for all parameters."""

import torch


def train(model, loader, criterion, optimizer, epochs):
    rate = optimizer.defaults["lr"]
    fused = torch.optim.SGD(model.parameters(), lr=rate, fused=True)
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            fused.zero_grad()
            loss.backward()
            fused.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
