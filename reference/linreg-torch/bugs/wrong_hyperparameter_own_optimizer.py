# expect: wrong-hyperparameter
import torch


def train(model, loader, criterion, optimizer, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
