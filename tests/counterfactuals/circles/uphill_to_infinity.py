"""The loss is to be as large as it can be."""


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for points, rings in loader:
            gain = criterion(model(points), rings)
            optimizer.zero_grad()
            gain.neg().backward()
            optimizer.step()
