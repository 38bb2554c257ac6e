# expect: step-before-backward
from contextlib import contextmanager


@contextmanager
def stepping(optimizer):
    yield
    optimizer.step()
    optimizer.zero_grad()


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            with stepping(optimizer):
                loss = criterion(model(x), y)
            loss.backward()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
