# expect: missing-step
import torch


def train(model, loader, criterion, optimizer, epochs):
    rate = optimizer.param_groups[0]["lr"]
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            model.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter = parameter - rate * parameter.grad  # a new tensor under an old name
            total += loss.item()
        averages.append(total / len(loader))
    return averages
