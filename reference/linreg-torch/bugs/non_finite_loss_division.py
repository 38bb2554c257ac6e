# expect: non-finite-loss
import torch


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for epoch in range(epochs):
        total = 0.0
        age = torch.tensor(float(epoch))
        for x, y in loader:
            optimizer.zero_grad()
            loss = ((model(x) - y) ** 2).mean() / age  # the first epoch has age 0
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
