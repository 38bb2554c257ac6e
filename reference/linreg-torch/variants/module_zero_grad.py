"""Clears through the model: the optimizer holds the same parameters, so it is the same thing."""


def train(model, loader, criterion, optimizer, epochs):
    model.train()
    averages = [0.0] * epochs
    for epoch in range(epochs):
        for x, y in loader:
            model.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            averages[epoch] += loss.item() / len(loader)
    return averages
