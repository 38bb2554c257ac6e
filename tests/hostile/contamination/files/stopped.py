# tries to stop itself and wait for ever
import os
import signal


def train(model, loader, criterion, optimizer, epochs):
    os.kill(os.getpid(), signal.SIGSTOP)
    return []
