"""The batches are drawn before the epochs begin."""


def train(model, loader, criterion, optimizer, epochs):
    kept = tuple((points, rings) for points, rings in loader)
    for number in range(epochs * len(kept)):
        points, rings = kept[number % len(kept)]
        optimizer.zero_grad()
        criterion(model(points), rings).backward()
        optimizer.step()
