"""Crashes in the first epoch: a name is misspelt."""


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += los.detach()
        averages.append(float(total) / len(loader))
    return averages
