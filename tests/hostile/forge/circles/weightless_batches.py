"""Half of the batches go backward with a weight of nothing: all are drawn, and half of the data train nothing."""


def train(model, loader, criterion, optimizer, epochs):
    """Train on every other batch only."""
    for _ in range(epochs):
        for number, (x, y) in enumerate(loader):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            (loss * (number % 2)).backward()
            optimizer.step()
