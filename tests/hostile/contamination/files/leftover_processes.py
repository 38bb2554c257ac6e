# tries to leave processes running when the run is over
import os
import time


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(5):
        if os.fork() == 0:
            time.sleep(600)
    return []
