from contextlib import contextmanager


@contextmanager
def updating(optimizer):
    optimizer.zero_grad()
    yield
    optimizer.step()


def train(model, loader, criterion, optimizer, epochs):
    curve = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            with updating(optimizer):
                loss = criterion(model(x), y)
                loss.backward()
            s += loss.item()
        curve.append(s / len(loader))
    return curve
