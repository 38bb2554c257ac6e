# tries to close every descriptor it has
import os


def train(model, loader, criterion, optimizer, epochs):
    os.closerange(0, 256)
    return []
