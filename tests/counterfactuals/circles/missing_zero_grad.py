"""`zero_grad` is looked up on every batch and never called."""


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        batches = iter(loader)
        for _ in range(len(loader)):
            points, rings = next(batches)
            optimizer.zero_grad  # noqa: B018
            criterion(model(points), rings).backward()
            optimizer.step()
